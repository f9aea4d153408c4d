; What indents, in the words of Helix.

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
] @indent

["}" "]" ")"] @outdent
