-- run_busted.lua: what the command busted is, for the interpreter that runs it.
require "busted.runner" {standalone = false}
