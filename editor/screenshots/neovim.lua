-- Neovim as the README shows it: the configuration of `editor/vim` and `editor/neovim`, colours of its
-- own, and one of the scenes below. When the scene is set, the file $READY says so.

local clone, scene = os.getenv("CLONE"), os.getenv("SCENE")
vim.g.scn_path = os.getenv("SCN")
vim.opt.runtimepath:prepend({ clone .. "/editor/vim", clone .. "/editor/neovim" })
vim.cmd("filetype plugin on | syntax on")

vim.o.termguicolors = true
vim.o.number = true
vim.o.signcolumn = "no"
vim.o.laststatus = 0
vim.o.ruler = false
vim.o.showmode = false
vim.o.wrap = false
vim.o.linebreak = true
vim.o.cursorline = true
vim.o.pumheight = 10
vim.o.completeopt = "menu,menuone,noinsert"
vim.opt.shortmess:append("aIcFWsS")
vim.o.fillchars = "eob: "

local ink = {
  back = "#161a22", raised = "#222936", line = "#1c212b", chosen = "#33405a",
  text = "#d6dce6", quiet = "#5f6b7e", comment = "#7c8aa0", edge = "#4a5870",
  violet = "#c5a1f7", blue = "#82b6ff", green = "#a2d18b", amber = "#f0c674",
  orange = "#f2a272", teal = "#74d3c6", rose = "#ec92b4",
}
local groups = {
  Normal = { ink.text, ink.back },
  LineNr = { ink.quiet, ink.back },
  CursorLineNr = { ink.text, ink.line },
  CursorLine = { nil, ink.line },
  NormalFloat = { ink.text, ink.raised },
  FloatBorder = { ink.raised, ink.raised },
  Pmenu = { ink.text, ink.raised },
  PmenuSel = { ink.text, ink.chosen, "bold" },
  PmenuSbar = { nil, ink.raised },
  PmenuThumb = { nil, ink.edge },
  MatchParen = { nil, ink.chosen },
  MsgArea = { ink.quiet, ink.back },
  ModeMsg = { ink.quiet, ink.back },
  Comment = { ink.comment, nil, "italic" },
  SpecialComment = { ink.comment, nil, "italic" },
  Keyword = { ink.violet },
  Statement = { ink.violet },
  Operator = { ink.violet },
  Function = { ink.blue },
  Type = { ink.amber },
  String = { ink.green },
  SpecialChar = { ink.teal },
  Special = { ink.teal },
  Delimiter = { ink.teal },
  Number = { ink.orange },
  Boolean = { ink.orange },
  Constant = { ink.orange },
  PreProc = { ink.rose },
  markdownCode = { ink.teal },
  Title = { ink.text, nil, "bold" },
  Underlined = { ink.blue },
}
for name, look in pairs(groups) do
  vim.cmd("highlight clear " .. name)
  vim.cmd(("highlight %s guifg=%s guibg=%s gui=%s"):format(name, look[1] or "NONE", look[2] or "NONE", look[3] or "NONE"))
end
vim.lsp.handlers["textDocument/hover"] =
  vim.lsp.with(vim.lsp.handlers.hover, { border = "solid", max_width = 94 })

local function ready()
  vim.cmd("redraw!")
  vim.fn.writefile({ "ready" }, os.getenv("READY"))
end

-- Calls a function as soon as a condition holds.
local function when(holds, act)
  local timer = vim.loop.new_timer()
  timer:start(50, 50, vim.schedule_wrap(function()
    if not timer:is_closing() and holds() then
      timer:close()
      act()
    end
  end))
end

local function attached()
  for _, client in pairs(vim.lsp.buf_get_clients(0)) do
    if client.name == "scn" and client.initialized then
      return true
    end
  end
end

-- Writes another text for a piece of the file.
local function mistake(old, new)
  local line = vim.fn.search("\\V" .. old, "nw")
  assert(line > 0, "no `" .. old .. "` in the file")
  local text = vim.fn.getline(line)
  local at = text:find(old, 1, true)
  vim.fn.setline(line, text:sub(1, at - 1) .. new .. text:sub(at + #old))
end

-- Puts the cursor on the first letter of a piece of the file, and a line above it to the top.
local function look_at(piece, top)
  vim.fn.winrestview({ topline = top })
  local at = vim.fn.searchpos("\\V" .. piece, "cw")
  assert(at[1] > 0, "no `" .. piece .. "` in the file")
  vim.fn.winrestview({ topline = top, lnum = at[1], col = at[2] - 1 })
end

local function floats()
  for _, window in ipairs(vim.api.nvim_list_wins()) do
    if vim.api.nvim_win_get_config(window).relative ~= "" then
      return true
    end
  end
end

local scenes = {
  -- What a name means.
  hover = function()
    look_at("gapless(", 38)
    vim.lsp.buf.hover()
    when(floats, ready)
  end,
  -- The fields that the contract has.
  completion = function()
    mistake("{ customer: alice.id, lines: [{ sku: \"tea\", qty: 2 }] }", "{  }")
    look_at("{  }", 6)
    local at = vim.api.nvim_win_get_cursor(0)
    vim.api.nvim_win_set_cursor(0, { at[1], at[2] + 2 })
    vim.bo.omnifunc = "v:lua.vim.lsp.omnifunc"
    vim.api.nvim_feedkeys(vim.api.nvim_replace_termcodes("i<C-x><C-o>", true, false, true), "n", false)
    when(function()
      return vim.fn.pumvisible() == 1
    end, ready)
  end,
}

vim.api.nvim_create_autocmd("VimEnter", {
  callback = function()
    when(attached, scenes[scene])
  end,
})
