/* option_list.h: every option, once. Checks, defaults, help and man page come from here.
 *
 * X(symbol, name, type, default, low, high, range as text, text)
 *
 * low and high bound durations (ms) and sizes (bytes). No include guard: it is included once for each thing made of it.
 */
/* clang-format off */
X(PROVIDER, "provider", WORD, "captchaai", 0, 0, "captchaai nocaptchaai", "the service that is used")
X(PROFILE, "profile", NAME, "", 0, 0, "1 to 32 letters, digits and . _ -", "which object of \"profiles\" in the configuration file holds besides the rest of it; what is chosen with 'keyplate keys use' holds for one profile")
X(PROFILES, "profiles", PROFILES, "", 0, 0, "a JSON object of objects", "sets of options by name, such as {\"dev\":{\"keys\":[\"env:DEV_KEY\"]}}; the option profile picks one")
X(KEYS, "keys", KEYS, "", 0, 0, "a JSON list of references or members", "where the keys are, in order of preference; empty: the default places")
X(RING_REFRESH, "ring.refresh", DURATION, "60s", 0, 86400000, "up to 24 h", "how long a key that was found is used before its places are read again")
X(RING_OVERLAP, "ring.overlap", DURATION, "48h", 0, 2592000000, "up to 30 days", "how long a key that was replaced still serves: for its tasks, and when the new one fails")
X(RING_STALE, "ring.stale", DURATION, "24h", 0, 2592000000, "up to 30 days", "how long a key is used on while its places cannot be read, or have none")
X(RING_AGE_WARN, "ring.age_warn", DURATION, "720h", 0, 31536000000, "up to 365 days", "from which age on a key is warned of, counted from when it was first seen; 0: never")
X(RING_AGE_FAIL, "ring.age_fail", DURATION, "2160h", 0, 31536000000, "up to 365 days", "from which age on verify fails, and in strict mode paid calls too; 0: never")
X(NODE, "node", TEXT, "", 0, 0, "a name, up to 64 characters", "what this machine is called where 'keyplate keys' tells who uses a key; empty: its host name")
X(URL_CAPTCHAAI, "url.captchaai", BASE_URL, "https://ocr.captchaai.com", 0, 0, "https, or http to this machine", "base URL of CaptchaAI (also CAPTCHAAI_URL)")
X(URL_NOCAPTCHAAI, "url.nocaptchaai", BASE_URL, "https://api.nocaptchaai.com", 0, 0, "https, or http to this machine", "base URL of NoCaptchaAI (also NOCAPTCHAAI_URL)")
X(ALLOW_HTTP_HOSTS, "allow_http_hosts", TEXT, "", 0, 0, "host names, comma between", "hosts that may be reached without TLS, for tests in private networks only")
X(TIMEOUT, "timeout", DURATION, "", 1, 86400000, "up to 24 h", "time for a whole operation; empty: what suits it (solve and wait 120 s or more, submit 60 s, the rest 30 s)")
X(CONNECT_TIMEOUT, "connect_timeout", DURATION, "10s", 1, 600000, "up to 10 min", "time for one connection, TLS included")
X(POLL_FIRST, "poll.first", DURATION, "", 0, 600000, "up to 10 min", "wait between submit and first poll; empty: what suits the method")
X(POLL_EVERY, "poll.every", DURATION, "", 50, 600000, "50 ms to 10 min", "wait between polls; empty: what suits the service")
X(PROXY, "proxy", PROXY, "", 0, 0, "http, https, socks5 or socks5h URL", "proxy for all calls; proxies of the environment are never used")
X(SOURCE_ADDRESS, "source_address", ADDRESS, "", 0, 0, "an IP address of this machine", "address that calls go out from")
X(CA_FILE, "ca_file", TEXT, "", 0, 0, "a path", "file of CA certificates; empty: those of the system")
X(MAX_ANSWER, "max_answer", SIZE, "1048576", 1024, 67108864, "1024 to 67108864 bytes", "largest answer, head and body")
X(STRICT, "strict", FLAG, "false", 0, 0, "true false", "refuse to work with less protection (key files open to others, memory that cannot be locked; the command: core dumps too)")
X(STORE, "store", STORE, "", 0, 0, "memory:, sqlite:PATH, redis://[USER@]HOST[:PORT][/DB], rediss:// (TLS) or redis+unix:///PATH", "where lockouts and counts are kept; empty: a file that all processes of this host share")
X(REDIS_PASSWORD, "redis.password", REFERENCE, "", 0, 0, "a reference such as env:NAME or file:PATH", "where the password of the Redis server of the option store is; empty: it has none")
X(REDIS_PREFIX, "redis.prefix", TEXT, "keyplate", 0, 0, "1 to 64 letters, digits and . _ : -", "what the keys in Redis begin with, in braces; who has another one shares nothing")
X(AUDIT_FILE, "audit.file", TEXT, "", 0, 0, "a path", "file that gets one JSON line for each paid intent and each outcome; empty: none")
X(EVENTS, "events", SIZE, "256", 0, 65536, "0 to 65536", "how many events are kept until the program takes them into its log; 0: none")
X(REDACT_BARE_HEX, "redact.bare_hex", WORD, "always", 0, 0, "always context off", "redacting texts of yours: runs of exactly 32 hex digits go always, only where the line speaks of keys, or never")
X(HOST, "host", WORD, "program", 0, 0, "program command lua python php-fpm php-cli nginx", "what keyplate runs inside, for the texts that explain a missing key")
/* clang-format on */
