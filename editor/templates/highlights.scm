; Colours. Later patterns win. Words and names come from the keyword table and the registry.

(identifier) @variable

; ---- words ----------------------------------------------------------------------------------

[
{{quoted item}}
] @keyword

[
{{quoted statement}}
{{quoted part}}
{{quoted phrase}}
] @keyword

[
{{quoted expression}}
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
{{quoted verb}}
  ))

((relation_name) @function.builtin
  (#any-of? @function.builtin
{{quoted relation}}
  ))

(call
  function: (identifier) @function.builtin
  (#any-of? @function.builtin
{{quoted function}}
  ))

((attribute_name) @attribute.builtin
  (#any-of? @attribute.builtin
{{quoted @attribute}}
  ))

(fault
  fault: [(identifier) @function.builtin (call function: (identifier) @function.builtin)]
  (#any-of? @function.builtin
{{quoted fault}}
  ))

(probe_statement
  probe: [(identifier) @function.builtin (call function: (identifier) @function.builtin)]
  (#any-of? @function.builtin
{{quoted probe}}
  ))

((identifier) @constant.builtin
  (#any-of? @constant.builtin
{{quoted constant}}
  ))

(any_expression (identifier) @type.builtin
  (#any-of? @type.builtin
{{quoted shape}}
  ))

(entry value: (identifier) @type.builtin
  (#any-of? @type.builtin
{{quoted shape}}
  ))
