// Generated from the keyword table by `tests/editors`.

static const char *const LEADING[] = {
  "step", "if", "for", "parallel", "eventually", "observe", "stop", "rejected", "under", "workload",
  "idempotent", "probe", "same", "effect", "forall", "defer", "wait", "show", "next", "reply", "fail",
};

static const char *const RESERVED[] = {
  "let", "expect", "return", "any", "not", "and", "or", "in", "matches", "contains", "true", "false", "null",
  "absent", "with", "because", "within", "throughout", "by", "per", "of", "on", "except", "when",
};
