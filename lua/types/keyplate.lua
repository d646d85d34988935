---@meta keyplate
-- keyplate.lua: annotations of the modules keyplate and keyplate.core for LuaLS. Nothing here is run.

---@class keyplate
---@field null lightuserdata null in the JSON of parameters
---@field _VERSION string such as "0.1.0"
local keyplate = {}

---A key by value; shows itself as "***ab12".
---@class keyplate.Secret: userdata

---A reference ("env:NAME", "file:PATH", ...), a function that returns the key (nil: there is none here; nil and a
---message: it failed), or a key by value.
---@alias keyplate.Key string|keyplate.Secret|fun(): string?, string?

---@class keyplate.Member
---@field name? string
---@field from keyplate.Key[] places in order: the first that exists wins
---@field account? string
---@field not_after? string its last day or moment: "2027-01-31", "2027-01-31T12:00:00Z"
---@field window? string when it may be used: "Mon-Fri 09:00-17:00 Europe/Berlin"

---@alias keyplate.Duration number|string seconds, or a text such as "120s", "500ms"

---The options of `keyplate help config`, as nested tables or dotted names.
---@class keyplate.Options
---@field provider? "captchaai"|"nocaptchaai"
---@field profile? string which of the profiles holds; its options go before those beside it
---@field profiles? table<string, keyplate.Options> options by name, of the configuration file or given here
---@field key? keyplate.Key|keyplate.Member one member; or keys
---@field keys? (keyplate.Key|keyplate.Member)[] members in order of preference
---@field config? string|boolean a configuration file; false: neither file nor environment
---@field log? boolean|fun(level: keyplate.Level, message: string, event: keyplate.Event) true: lines on stderr
---@field timeout? keyplate.Duration
---@field connect_timeout? keyplate.Duration
---@field url? {captchaai?: string, nocaptchaai?: string}
---@field poll? {first?: keyplate.Duration, every?: keyplate.Duration}
---@field ring? {refresh?: keyplate.Duration, overlap?: keyplate.Duration, stale?: keyplate.Duration, age_warn?: keyplate.Duration, age_fail?: keyplate.Duration}
---@field node? string what this machine is called in keys()
---@field proxy? string
---@field source_address? string
---@field ca_file? string
---@field allow_http_hosts? string
---@field max_answer? integer
---@field strict? boolean
---@field store? string
---@field redis? {password?: string, prefix?: string}
---@field limits? {usd_per_day?: string|number, usd_per_24h?: string|number, per_second?: integer, per_minute?: integer, per_hour?: integer, per_day?: integer, per_24h?: integer, concurrent?: integer, window?: string, zone?: string, on_limit?: "refuse"|"wait", shadow?: boolean, outage?: string, by?: table<string, table>} by: limits of their own for "key:NAME", "method:NAME", "client_id:NAME"; NAME *: for each one
---@field prices? table<string, string> what a paid call costs, in dollars, by method; "*": the rest
---@field tags? table<string, string> what the record says of each call
---@field balance? {alert_below?: string[], pause_below?: string, webhook?: string, exec?: string} for 'keyplate monitor'
---@field audit? {file?: string, key?: string}
---@field events? integer
---@field redact? {bare_hex?: "always"|"context"|"off"}
---@field [string] any

---@alias keyplate.Level "debug"|"info"|"warning"|"error"

---@alias keyplate.Class
---| "usage" | "input" | "key" | "funds" | "address" | "busy" | "quota" | "task" | "pending" | "network"
---| "protocol" | "server" | "timeout" | "limit" | "store" | "cancelled" | "unknown" | "internal"

---A failure. tostring gives "code: text. advice"; it can be concatenated.
---@class keyplate.Error
---@field code string the service's word or keyplate's own
---@field class keyplate.Class
---@field text string
---@field advice string
---@field unknown boolean a paid call whose outcome is not known: it counts as spent
---@field retry_after? number seconds
---@field limit? string that refused, such as "usd_per_day" or "per_day of client_id:team-a"
---@field left? string|integer of that limit: dollars as text, or a count
---@field task? string
---@field provider_code? string
---@field http_status? integer
---@operator concat(any): string

---tostring gives the answer.
---@class keyplate.Solution
---@field answer string
---@field task? string
---@field provider string
---@field key string masked
---@field cost_usd? string what it cost, by the option prices
---@field elapsed number seconds
---@field polls integer

---@class keyplate.Event
---@field time string
---@field event string
---@field level keyplate.Level
---@field message string
---@field operation? string
---@field provider? string
---@field method? string
---@field task? string
---@field key? string
---@field fingerprint? string
---@field status? string
---@field class? keyplate.Class
---@field attempts? integer
---@field polls? integer
---@field duration_ms? integer
---@field outcome_unknown? boolean

---@class keyplate.Host
---@field host string
---@field last_used? string

---One value of a member: the one in use, or one that came before or is to come.
---@class keyplate.KeyState
---@field name string
---@field masked? string
---@field fingerprint? string
---@field source? string
---@field version? string
---@field state "current"|"pending"|"previous"|"cooling"|"expired"|"revoked"|"absent"|"unknown"|"candidate"
---@field preferred boolean chosen with 'keyplate keys use'
---@field first_seen? string
---@field age_days? integer
---@field age? "fresh"|"warn"|"old"
---@field expires? string
---@field hosts keyplate.Host[] who used it, the last one first
---@field last_used? string
---@field revoked? string since when nobody uses it
---@field safe_in? integer seconds after which it can be deleted if nobody uses it until then
---@field safe_to_revoke? boolean whether it can be deleted at the service
---@field safety? string why, or why not
---@field readable_by_others boolean
---@field default boolean
---@field from {place: string, outcome: string, note: string}[]

---One limit, as far as the store knows: of a scope "client_id:*" that of the client_id that was asked for.
---@class keyplate.Limit
---@field scope string "all", "key:NAME", "method:NAME", "client_id:NAME"
---@field name string such as "usd_per_day", "per_minute", "concurrent"
---@field limit string|integer dollars as text, or a count
---@field used? string|integer nothing while the store cannot be asked
---@field left? string|integer
---@field resets_at? string
---@field policy "refuse"|"wait"
---@field shadow boolean counted and told only

---@class keyplate.Window
---@field scope string
---@field open boolean
---@field opens_at? string

---@class keyplate.Pause
---@field left_ms integer
---@field until? string
---@field reason string

---@class keyplate.Limits
---@field limits keyplate.Limit[]
---@field windows keyplate.Window[]
---@field paused? keyplate.Pause
---@field store "ok"|"away"

---@class keyplate.Gap
---@field name string
---@field text string
---@field advice string

---@class keyplate.LookOptions
---@field timeout? keyplate.Duration

---@class keyplate.VerifyOptions: keyplate.LookOptions
---@field now? boolean a key that cools off is proven now, once

---@class keyplate.PaidOptions: keyplate.LookOptions
---@field sync? boolean
---@field client_id? string who the call is for: limits and the record go by it. No parameter of a service has this name
---@field tags? table<string, string> for the record, over those of the option tags

---@class keyplate.LimitsOptions: keyplate.LookOptions
---@field client_id? string whose limits are told where each one has one
---@field method? string

---@class keyplate.PauseOptions: keyplate.LookOptions
---@field duration? keyplate.Duration nothing: until resume()

---A client of one service. Throws when the options are wrong.
---@param options? keyplate.Options
---@return keyplate.Client
function keyplate.new(options) end

---@param value string
---@return keyplate.Secret
function keyplate.key_from_value(value) end

---The text without keys; the same string if there were none.
---@param text string
---@return string
function keyplate.redact(text) end

---@param options? {bare_hex?: "always"|"context"|"off", client?: keyplate.Client}
---@return keyplate.Redactor
function keyplate.redactor(options) end

---All error codes.
---@return {code: string, class: keyplate.Class, text: string, advice: string}[]
function keyplate.errors() end

---What protects the keys of this process less than it should.
---@return keyplate.Gap[]
function keyplate.hygiene() end

---Marks a table as a list, for JSON: an empty one is [] then.
---@generic T: table
---@param list? T
---@return T
function keyplate.array(list) end

---Milliseconds of the clock of Operation:deadline.
---@return number
function keyplate.clock() end

---The methods from balance to report, and rotate, block, and are in keyplate only, not in keyplate.core.
---@class keyplate.Client: userdata
local Client = {}

---@param options? keyplate.LookOptions
---@return string? dollars
---@return integer|keyplate.Error micro-dollars, or why not
function Client:balance(options) end

---Proves the key by one balance call.
---@param options? keyplate.VerifyOptions
---@return string? dollars
---@return integer|keyplate.Error micro-dollars, or why not
function Client:verify(options) end

---Reads the places of a key again, proves what is new there and puts it in use.
---@param name? string of a member; nil: the first
---@param options? keyplate.LookOptions
---@return {name: string, masked: string, fingerprint: string, source: string}? key the one in use now
---@return keyplate.Error?
function Client:rotate(name, options) end

---false and a solution if the service answers at once, without a task.
---@param method string
---@param params? table
---@param options? keyplate.PaidOptions
---@return string|false|nil task
---@return keyplate.Error|keyplate.Solution|nil
function Client:submit(method, params, options) end

---@param method string
---@param params? table
---@param options? keyplate.PaidOptions
---@return keyplate.Solution?
---@return keyplate.Error?
function Client:solve(method, params, options) end

---Asks once; nil without an error while the task is pending.
---@param task string
---@param options? keyplate.LookOptions
---@return keyplate.Solution?
---@return keyplate.Error?
function Client:result(task, options) end

---@param task string
---@param options? keyplate.LookOptions
---@return keyplate.Solution?
---@return keyplate.Error?
function Client:wait(task, options) end

---@param task string
---@param good boolean|"good"|"bad"
---@param options? keyplate.LookOptions
---@return true?
---@return keyplate.Error?
function Client:report(task, good, options) end

---@param options? keyplate.LookOptions
---@return keyplate.KeyState[]?
---@return keyplate.Error?
function Client:keys(options) end

---The limits of paid calls: what is used, what is left, when they begin anew; windows; whether calls are paused.
---@param options? keyplate.LimitsOptions
---@return keyplate.Limits?
---@return keyplate.Error?
function Client:limits(options) end

---Counts of this process, in the text format of Prometheus.
---@param options? keyplate.LookOptions
---@return string?
---@return keyplate.Error?
function Client:metrics(options) end

---No paid calls of all that share the store. What was paid is still waited for.
---@param reason? string
---@param options? keyplate.PauseOptions
---@return true?
---@return keyplate.Error?
function Client:pause(reason, options) end

---Paid calls go on.
---@param options? keyplate.LookOptions
---@return true?
---@return keyplate.Error?
function Client:resume(options) end

---@return keyplate.Gap[]
function Client:hygiene() end

---The events that wait, oldest first; they are gone then.
---@return keyplate.Event[]?
---@return keyplate.Error?
function Client:events() end

---@param kind "balance"|"verify"|"submit"|"solve"|"result"|"wait"|"report"|"rotate"|"keys"|"limits"|"metrics"|"pause"|"resume"
---@param options? {method?: string, params?: table, task?: string, good?: boolean|"good"|"bad", name?: string, now?: boolean, client_id?: string, tags?: table<string, string>, reason?: string, duration?: keyplate.Duration, sync?: boolean, timeout?: keyplate.Duration, dry_run?: boolean}
---@return keyplate.Operation
function Client:operation(kind, options) end

function Client:close() end

---@class keyplate.Redactor: userdata
local Redactor = {}

---The next part of a stream; what may be shown now.
---@param part string
---@return string
function Redactor:feed(part) end

---Ends the stream; the rest of it.
---@return string
function Redactor:close() end

---An operation in steps, for drivers of their own.
---@class keyplate.Operation: userdata
local Operation = {}

---@return "time"|"http"|"read"|"store"|"append"|"done"
function Operation:step() end

---When the step is time: call time() then; else: give up then.
---@return number milliseconds of keyplate.clock
function Operation:deadline() end

---Tells the time. First of all, and whenever time may have passed.
function Operation:time() end

---Does a step that is read, store or append; false: it is none, or the host has to give a key.
---@return boolean
function Operation:do_local() end

---What the step read is about, such as "host:mine".
---@return string?
function Operation:read() end

---Answers a read of "host:..."; nil: there is no such key.
---@param key string?
---@return boolean taken
function Operation:give(key) end

---What the step http is to send. It has the key in it: never log it.
---@return {method: string, url: string, shown_url: string, headers: string[][], body?: string, once: boolean, limit: integer, connect_ms: integer, proxy?: string, source?: string, ca_file?: string}?
function Operation:request() end

---@param status integer
function Operation:on_status(status) end

---@param name string
---@param value string
function Operation:on_header(name, value) end

---@param data string
---@return boolean stop true: read no more
function Operation:on_body(data) end

---@param net "ok"|"resolve"|"connect"|"tls"|"proxy"|"reset"|"late"|"stopped"
---@param sent boolean false only if no byte of the request can have left
function Operation:on_end(net, sent) end

function Operation:cancel() end

---What the method of the client returns. Throws before the step is done.
---@return any
---@return any
function Operation:result() end

---A fact by name, such as "answer", "task", "state".
---@param name string
---@return string?
function Operation:get(name) end

function Operation:close() end

return keyplate
