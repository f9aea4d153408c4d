; What can be selected, moved over and changed as a whole: items and the blocks in them as
; functions, services and shapes as classes, statements, parameters, loops, conditions, comments.

[
  (scenario_item)
  (action_item)
  (fixture_item)
  (check_item)
  (function_item)
  (double_rule)
  (step_statement)
] @function.outer

(scenario_item body: (block) @function.inner)
(action_item body: (block) @function.inner)
(fixture_item body: (block) @function.inner)
(check_item body: (script) @function.inner)
(function_item body: (script) @function.inner)
(double_rule body: (block) @function.inner)
(step_statement body: (block) @function.inner)

[
  (service_item)
  (environment_item)
  (owner_item)
  (stage_item)
  (double_item)
  (profile_item)
  (shape_item)
] @class.outer

(service_item body: (settings) @class.inner)
(environment_item body: (settings) @class.inner)
(owner_item body: (settings) @class.inner)
(stage_item body: (stage_body) @class.inner)
(double_item body: (double_rules) @class.inner)
(profile_item body: (profile_body) @class.inner)
(shape_item pattern: (object) @class.inner)

[
  (for_expression)
  (eventually_expression)
  (forall_statement)
  (workload_statement)
] @loop.outer
(for_expression body: (block) @loop.inner)
(eventually_expression body: (block) @loop.inner)
(forall_statement body: (block) @loop.inner)
(workload_statement body: (mix) @loop.inner)

(if_expression) @conditional.outer
(if_expression then: (block) @conditional.inner)

[
  (expect_statement)
  (let_statement)
  (return_statement)
  (request)
  (setting)
  (defer_statement)
] @statement.outer

[(parameter) (argument) (entry)] @parameter.inner
(call) @call.outer
(call arguments: (arguments) @call.inner)

[(comment) (doc_comment)] @comment.outer
