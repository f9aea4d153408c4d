; What can be selected, in the words of Helix: a test is a scenario, a function what has a body and a name.

(scenario_item body: (block) @test.inside) @test.around

(action_item body: (block) @function.inside) @function.around
(fixture_item body: (block) @function.inside) @function.around
(check_item body: (script) @function.inside) @function.around
(function_item body: (script) @function.inside) @function.around

(service_item body: (settings) @class.inside) @class.around
(shape_item pattern: (object) @class.inside) @class.around
(double_item) @class.around

(parameter) @parameter.inside
(argument) @parameter.inside

(entry) @entry.around
(entry value: (_) @entry.inside)

[(comment) (doc_comment)] @comment.inside
