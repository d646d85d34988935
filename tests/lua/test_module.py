"""test_module.py: the modules as files: what they need, export, and refuse."""

import pathlib

import pytest

from conftest import exported, needed


def test_one_name_is_exported(lua):
    assert exported(lua.modules / "keyplate.so") == {"luaopen_keyplate"}
    assert exported(lua.modules / "keyplate" / "core.so") == {"luaopen_keyplate_core"}


def test_core_has_no_network(lua):
    core, net = needed(lua.modules / "keyplate" / "core.so"), needed(lua.modules / "keyplate.so")
    assert not [name for name in core if "curl" in name or "ssl" in name]  # libcrypto signs, and talks to nobody
    assert any(name.startswith("libcurl") for name in net)
    assert not [name for name in core | net if "lua" in name]


def test_modules_stay_loaded(lua):
    """What libcurl and libsodium know of them is there after Lua closed them."""
    for _ in range(2):
        lua('local k = require "keyplate"; k.new{config = false, store = "memory:"}')


def test_the_other_build_is_refused(lua):
    folders = [folder for folder in lua.modules.parent.iterdir() if folder.name in ("5.4", "luajit") and folder != lua.modules]
    if not folders:
        pytest.skip("one Lua only is installed")
    out = lua(f'package.cpath = "{folders[0]}/?.so"; print(pcall(require, "keyplate"))')
    assert out.startswith("false") and "undefined symbol" in out


def test_one_core_in_a_state(lua):
    lua("""
        local keyplate = require "keyplate"
        assert(require "keyplate.core" == keyplate)
        package.loaded.keyplate = nil
        assert(require "keyplate" == keyplate)
    """)
    out = lua("""
        require "keyplate.core"
        print(pcall(require, "keyplate"))
    """)
    assert out.startswith("false") and "require 'keyplate' first" in out


def test_annotations_name_what_is_there(lua):
    """lua/types/keyplate.lua and the modules have the same functions and methods."""
    path = pathlib.Path(__file__).resolve().parents[2] / "lua" / "types" / "keyplate.lua"
    lua("""
        local text = io.open(arg[1]):read "*a"
        local registry, keyplate = debug.getregistry(), require "keyplate"
        for owner, all in pairs {keyplate = keyplate, Client = registry["keyplate.client"].__index,
                                 Operation = registry["keyplate.operation"].__index,
                                 Redactor = registry["keyplate.redactor"].__index} do
            for name, value in pairs(all) do
                local sign = owner == "keyplate" and "." or ":"
                if type(value) == "function" then
                    assert(text:find("function " .. owner .. sign .. name .. "(", 1, true), owner .. sign .. name)
                end
            end
            for sign, name in text:gmatch("function " .. owner .. "([.:])([%w_]+)%(") do
                assert(type(all[name]) == "function", owner .. sign .. name)
            end
        end
    """, str(path))
