; What folds.

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
  (use_names)
  (script)
  (string)
] @fold

(doc_comment)+ @fold
