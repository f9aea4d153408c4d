; Texts of other languages.

; A custom check or function is a rhai script.
((script_content) @injection.content
  (#set! injection.language "rhai"))

((regex_content) @injection.content
  (#set! injection.language "regex"))

; `query db "select …"`: what stands after a verb of SQL. A `${…}` in it is a bound parameter.
((request
  verb: (verb) @_verb
  place: (string (string_content) @injection.content))
  (#any-of? @_verb
{{quoted verb:sql}}
  )
  (#set! injection.language "sql")
  (#set! injection.combined))

; `graphql("{ me { id } }")`
((call
  function: (identifier) @_function
  arguments: (arguments . (argument value: (string (string_content) @injection.content))))
  (#eq? @_function "graphql")
  (#set! injection.language "graphql")
  (#set! injection.combined))

; A text over several lines that begins as JSON does.
((string "\"\"\"" . (string_content) @injection.content)
  (#match? @injection.content "^\\s*(\\{\\s*\"|\\[\\s*[\\[{\"0-9])")
  (#set! injection.language "json"))
