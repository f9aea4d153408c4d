; What indents: everything between brackets. A line that goes on without them is the formatter's.

[
  (block)
  (settings)
  (double_rules)
  (profile_body)
  (stage_body)
  (mix)
  (object)
  (list)
  (arguments)
  (parameters)
  (parenthesized)
  (use_names)
] @indent.begin

["}" "]" ")"] @indent.branch

["}" "]" ")"] @indent.end

[(string) (script) (comment) (doc_comment)] @indent.ignore
