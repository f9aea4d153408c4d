-- scn in Neovim 0.7 and later, beside `editor/vim`: the language server, and tree-sitter where its
-- parser is installed.
-- `vim.g.scn_path` names the program, `scn` on the PATH without it.

-- Without the parser the colours are those of `editor/vim`.
if vim.treesitter.start then
  pcall(vim.treesitter.start, 0, "scn")
end

local program = vim.g.scn_path or "scn"
if vim.fn.executable(program) == 0 then
  vim.notify_once("`" .. program .. "` is not there: name scn in `vim.g.scn_path`", vim.log.levels.WARN)
  return
end

-- The folder that scn would be started in: the one that holds `scenarios`, else the file's own.
local file = vim.fn.expand("%:p:h")
local scenarios = vim.fn.finddir("scenarios", vim.fn.escape(file, " ,;\\") .. ";")
local root = scenarios ~= "" and vim.fn.fnamemodify(scenarios, ":p:h:h") or file

-- A run reads the disk, so all that is open is saved before.
local function run(command, context)
  for _, buffer in ipairs(vim.api.nvim_list_bufs()) do
    local is_file = vim.bo[buffer].buftype == "" and vim.api.nvim_buf_get_name(buffer) ~= ""
    if is_file and vim.bo[buffer].modified then
      vim.api.nvim_buf_call(buffer, function()
        vim.cmd("silent write")
      end)
    end
  end
  local client = vim.lsp.get_client_by_id(context.client_id)
  local params = { command = command.command, arguments = command.arguments }
  local function answered(problem)
    if problem then
      vim.notify(problem.message, vim.log.levels.ERROR)
    end
  end
  if vim.fn.has("nvim-0.11") == 1 then
    client:request("workspace/executeCommand", params, answered, context.bufnr)
  else
    client.request("workspace/executeCommand", params, answered, context.bufnr)
  end
end

local config = { name = "scn", cmd = { program, "lsp" }, cmd_cwd = root, root_dir = root }
config.commands = { ["scn.run"] = run }
if vim.lsp.start then
  vim.lsp.start(config)
  return
end
-- Before 0.8: one server for each folder.
for _, client in pairs(vim.lsp.get_active_clients()) do
  if client.name == "scn" and client.config.root_dir == root then
    vim.lsp.buf_attach_client(0, client.id)
    return
  end
end
local id = vim.lsp.start_client(config)
if id then
  vim.lsp.buf_attach_client(0, id)
  vim.bo.omnifunc = "v:lua.vim.lsp.omnifunc"
end
