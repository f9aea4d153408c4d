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

local config = { name = "scn", cmd = { program, "lsp" }, cmd_cwd = root, root_dir = root }
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
