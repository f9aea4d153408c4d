; Generated from the keyword table and the registry by `tests/editors`: change the template in `editor/templates`.

; Colours. Later patterns win. Words and names come from the keyword table and the registry.

(identifier) @variable

; ---- words ----------------------------------------------------------------------------------

[
  "use" "seed" "input" "secret" "service" "environment" "double" "profile" "stage" "shape" "fixture"
  "action" "check" "fn" "owner" "scenario" "let"
] @keyword

[
  "expect" "step" "if" "for" "parallel" "eventually" "observe" "stop" "rejected" "under" "workload"
  "idempotent" "probe" "same" "effect" "forall" "defer" "return" "wait" "show" "next" "reply" "fail"
  "else" "at" "clients" "operations" "cases" "require" "failure" "finally" "suite" "variant"
  "contract" "from" "file" "rhai"
  "with" "because" "within" "throughout" "by" "per" "of" "on" "except" "when" "as" "before" "during"
  "or_empty" "every" "after"
] @keyword

[
  "any" "but" "not" "and" "or" "in" "matches" "contains"
] @keyword.operator

"use" @keyword.import
["if" "else"] @keyword.conditional
["for" "eventually" "parallel" "forall" "observe"] @keyword.repeat
"return" @keyword.return
(any "any" @keyword.operator)
[(true) (false)] @boolean
[(null) (absent)] @constant.builtin

; ---- literals -------------------------------------------------------------------------------

[(number) (size) (percent) (rate) (duration)] @number
(string) @string
(escape) @string.escape
(interpolation ["${" "}"] @punctuation.special)
(regex) @string.regexp
(script) @string
[(path) (url)] @string.special.path

(comment) @comment
(doc_comment) @comment.documentation

; ---- punctuation ----------------------------------------------------------------------------

["(" ")" "[" "]" "{" "}"] @punctuation.bracket
["," ";" ":" "?" "."] @punctuation.delimiter
["=" "==" "!=" "<" "<=" ">" ">=" "+" "-" "*" "/" "%" "|" "->" ".."] @operator
(wildcard) @operator
(ellipsis) @operator

; ---- declarations ---------------------------------------------------------------------------

(attribute_name) @attribute
(scenario_item title: (string) @markup.heading)
(step_statement title: (string) @string)
(service_item name: (identifier) @module)
(environment_item name: (identifier) @module)
(owner_item name: (identifier) @module)
(stage_item name: (identifier) @label)
(scenario_item stage: (identifier) @label)
(double_item name: (identifier) @function)
(double_item service: (identifier) @module)
(profile_item name: (identifier) @function)
(shape_item name: (identifier) @type.definition)
(fixture_item name: (identifier) @constant)
(action_item name: (identifier) @function)
(check_item name: (identifier) @function)
(function_item name: (identifier) @function)
(parameter name: (identifier) @variable.parameter)
(parameter type: (identifier) @type)
(input_item name: (identifier) @variable)
(secret_item name: (identifier) @variable)
(suite name: (identifier) @label)
(variant name: (identifier) @label)
(workload_statement name: (identifier) @variable)

; ---- names in use ---------------------------------------------------------------------------

(call function: (identifier) @function.call)
(argument name: (identifier) @variable.parameter)
(any_expression (identifier) @type)
(any_expression (refinement shape: (identifier) @type))
(many shape: (identifier) @type)
(refinement shape: (identifier) @type)
(forall_statement shape: (identifier) @type)
(field_access field: (identifier) @property)
(it field: (identifier) @property)
(entry key: (identifier) @property)
(entry key: (string) @property)
(setting name: (identifier) @property)
(setting_phrase key: (identifier) @keyword)
(verb) @function.method.call
(target name: (identifier) @module)
(target member: (identifier) @function.method)
(relation name: (relation_name) @function.call)
(fail_statement code: (identifier) @constant)
(fault place: (link from: (identifier) @module))
(fault place: (link to: (identifier) @module))
(fault place: (identifier) @module)

; ---- names of the registry ------------------------------------------------------------------

((verb) @function.builtin
  (#any-of? @function.builtin
  "DELETE" "GET" "HEAD" "OPTIONS" "PATCH" "POST" "PUT" "QUERY" "TRACE" "ack" "begin" "call" "cancel"
  "close" "command" "commit" "exec" "insert" "kill" "nak" "open" "pause" "ping" "publish" "query"
  "request" "restart" "resume" "rollback" "send" "start" "stop" "term"
  ))

((relation_name) @function.builtin
  (#any-of? @function.builtin
  "at_least_once" "at_most_once" "attempted" "backs_off" "becomes" "causal" "compatible_with"
  "connected" "converges_with" "exactly_once" "fifo" "gapless" "gives_up_on" "has"
  "honours_retry_after" "increasing" "leaks_none" "linearizable" "lossless" "monotonic_reads"
  "monotonic_writes" "no_loss" "no_phantoms" "opens_circuit" "ordered" "prefix_of"
  "propagates_deadline" "read_your_writes" "rises" "same_order_as" "serializable" "signed"
  "stale_below" "unchanged" "unique" "writes_follow_reads"
  ))

(call
  function: (identifier) @function.builtin
  (#any-of? @function.builtin
  "abs" "attempt" "base64" "base64url" "basic" "bearer" "bytes" "ceil" "coverage" "date" "datetime"
  "ends_with" "file" "flatten" "floor" "form" "from_csv" "from_json" "from_jsonl" "from_sql"
  "from_yaml" "graphql" "header" "hex" "hmac_sha256" "int" "join" "json" "keys" "link" "lower"
  "multipart" "now" "number" "quotient" "repeat" "replace" "round" "sha256" "sha512" "slug" "span"
  "split" "starts_with" "text" "to_json" "trim" "unbase64" "unhex" "unordered" "upper" "url_decode"
  "url_encode" "utf8" "values"
  ))

((attribute_name) @attribute.builtin
  (#any-of? @attribute.builtin
  "@allow" "@cases" "@matrix" "@owner" "@per" "@quarantine" "@retries" "@safe" "@seed" "@serial"
  "@skip" "@tags" "@timeout"
  ))

(fault
  fault: [(identifier) @function.builtin (call function: (identifier) @function.builtin)]
  (#any-of? @function.builtin
  "bandwidth" "corrupt" "crash" "delay" "duplicate" "goaway" "half_open" "kill" "latency"
  "lost_request" "lost_response" "pause" "reorder" "reset" "restart" "rst_stream" "slice"
  "slow_close" "status" "timeout" "truncate"
  ))

(probe_statement
  probe: [(identifier) @function.builtin (call function: (identifier) @function.builtin)]
  (#any-of? @function.builtin
  "changed_body" "concurrent" "expired" "failed_first" "in_flight" "lost_request" "lost_response"
  "malformed_key" "missing_key" "other_replica" "other_tenant" "redelivery" "reordered_body"
  "replay" "restart"
  ))

((identifier) @constant.builtin
  (#any-of? @constant.builtin
  "ABORTED" "ALREADY_EXISTS" "CANCELLED" "DATA_LOSS" "DEADLINE_EXCEEDED" "FAILED_PRECONDITION"
  "INTERNAL" "INVALID_ARGUMENT" "NOT_FOUND" "OK" "OUT_OF_RANGE" "PERMISSION_DENIED"
  "RESOURCE_EXHAUSTED" "UNAUTHENTICATED" "UNAVAILABLE" "UNIMPLEMENTED" "UNKNOWN" "addr" "calls"
  "host" "member" "out" "port" "request" "scratch" "trace" "url"
  ))

(any_expression (identifier) @type.builtin
  (#any-of? @type.builtin
  "address" "anything" "base64" "base64url" "bool" "bytes" "company" "date" "datetime" "decimal"
  "duration" "edges" "email" "hex" "hostname" "int" "ip" "list" "malformed" "number" "object"
  "one_of" "person_name" "phone" "sentence" "slug" "text" "time" "ulid" "unique" "url" "uuid"
  "weighted"
  ))

(entry value: (identifier) @type.builtin
  (#any-of? @type.builtin
  "address" "anything" "base64" "base64url" "bool" "bytes" "company" "date" "datetime" "decimal"
  "duration" "edges" "email" "hex" "hostname" "int" "ip" "list" "malformed" "number" "object"
  "one_of" "person_name" "phone" "sentence" "slug" "text" "time" "ulid" "unique" "url" "uuid"
  "weighted"
  ))
