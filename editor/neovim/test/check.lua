-- Holds the configuration to what it promises, in a Neovim without a display. Run by tests/editor, with
-- the path of scn in $SCN, or nothing where it has no language server; says in the file $REPORT what is
-- wrong.

local wrong = {}

local function holds(what, is)
  if not is then
    table.insert(wrong, what)
  end
end

local function soon(what, is)
  holds(what, vim.wait(20000, is, 50))
end

local function work()
  local folder = vim.fn.tempname()
  vim.fn.mkdir(folder .. "/scenarios", "p")
  local path = folder .. "/scenarios/a.scn"
  vim.fn.writefile({ 'scenario "x" {', "  expect 1 == 1", "  exepct 1 == 1", "}" }, path)

  local told
  vim.notify_once = function(message)
    told = message
  end
  vim.g.scn_path = "no-such-scn"
  vim.cmd("edit " .. path)
  holds("the file type is found", vim.bo.filetype == "scn")
  holds("a comment begins with //", vim.bo.commentstring == "// %s")
  holds("a missing scn is told", told and told:find("`no%-such%-scn` is not there"))

  local scn = os.getenv("SCN")
  if not scn or scn == "" then
    return
  end
  vim.g.scn_path = scn
  vim.cmd("edit")
  local function client()
    for _, one in pairs(vim.lsp.buf_get_clients(0)) do
      if one.name == "scn" and one.initialized then
        return one
      end
    end
  end
  soon("the server is attached", function()
    return client() ~= nil
  end)
  soon("the mistake is shown", function()
    return #vim.diagnostic.get(0) > 0
  end)
  local first = vim.diagnostic.get(0)[1] or { message = "", lnum = -1 }
  holds("it names the word: " .. first.message, first.message:find("exepct") ~= nil)
  holds("it stands in line 3, not " .. first.lnum + 1, first.lnum == 2)

  -- As if `  exp` had been typed.
  vim.api.nvim_buf_set_lines(0, 2, 3, true, { "  exp" })
  vim.api.nvim_win_set_cursor(0, { 3, 4 })
  local params = vim.lsp.util.make_position_params(0, client() and client().offset_encoding)
  params.position.character = 5
  local answers = vim.lsp.buf_request_sync(0, "textDocument/completion", params, 20000) or {}
  local labels = {}
  for _, answer in pairs(answers) do
    local result = answer.result or {}
    for _, item in ipairs(result.items or result) do
      labels[item.label] = true
    end
  end
  holds("`expect` is offered after `exp`: " .. vim.inspect(vim.tbl_keys(labels)):sub(1, 300), labels.expect)

  -- The lens over what is not saved.
  local exit, problem
  vim.lsp.handlers["scn/event"] = function(_, params)
    exit = params.exit or exit
  end
  vim.notify = function(message)
    problem = message
  end
  vim.api.nvim_buf_set_lines(0, 1, 3, true, { "  expect 1 == 2" })
  vim.lsp.codelens.refresh()
  local lens
  soon("there is a lens", function()
    lens = vim.lsp.codelens.get(0)[1]
    return lens ~= nil
  end)
  vim.api.nvim_win_set_cursor(0, { 1, 0 })
  vim.lsp.codelens.run()
  soon("it runs: " .. tostring(problem), function()
    return exit ~= nil or problem ~= nil
  end)
  holds("it fails, not " .. vim.inspect(exit) .. ": " .. tostring(problem), exit == 1)
  holds("it was saved", not vim.bo.modified and vim.fn.readfile(path)[2] == "  expect 1 == 2")
end

local fine, trouble = pcall(work)
holds(tostring(trouble), fine)
local report = #wrong == 0 and { "Neovim does as it should" } or wrong
vim.fn.writefile(report, os.getenv("REPORT"))
for _, client in pairs(vim.lsp.get_active_clients()) do
  client.stop(true)
end
vim.cmd(#wrong == 0 and "qall!" or "cquit 1")
