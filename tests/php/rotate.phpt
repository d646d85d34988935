--TEST--
keys for life: new keys in old places, proofs on demand, expiry, windows, profiles
--FILE--
<?php
require __DIR__ . '/support.inc';

use Keyplate\Client;
use Keyplate\Exception\AuthenticationException;
use Keyplate\Exception\LimitExceededException;
use Keyplate\Exception\UsageException;
use Keyplate\Key;

const PARAMS = ['sitekey' => 'a', 'pageurl' => PAGE];

/** Replaces the file as a whole. */
function put(string $path, string ...$keys): void
{
    file_put_contents("$path.new", implode("\n", $keys) . "\n");
    chmod("$path.new", 0600);
    rename("$path.new", $path);
}

function own(): string
{
    return getenv('KP_TMP') . '/own';
}

function accepted(): string
{
    return getenv('KP_BOX_KEY');
}

function masked(string $key): string
{
    return '***' . substr($key, -4);
}

/** A client that reads its places by itself once an hour only. It and the service begin with this key. */
function client_with(string $key): Client
{
    put(accepted(), $key);
    put(own(), $key);
    return box(['key' => 'file:' . own(), 'ring' => ['refresh' => '1h']]);
}

test('rotate picks up a changed file', function () {
    $old = made_key();
    $c = client_with($old);
    foreach ([[], ['primary'], ['name' => 'primary', 'timeout' => 20], [null, 20.5]] as $arguments) {
        $task = $c->submit('turnstile', PARAMS);
        $new = made_key();
        put(accepted(), $new, $old);
        put(own(), $new);
        $key = $c->rotate(...$arguments);
        same(['name' => 'primary', 'masked' => masked($new), 'fingerprint' => $key['fingerprint'], 'source' => 'file:' . own()], $key);
        [$first, $second] = $c->keys();
        same([$key['fingerprint'], 'current'], [$first['fingerprint'], $first['state']]);
        same([masked($old), 'previous'], [$second['masked'], $second['state']]);
        same("sandbox-answer-$task->id", "{$c->wait($task)}");
        $old = $new;
    }
});

test('rotate to a bad key changes nothing', function () {
    $key = made_key();
    $c = client_with($key);
    same(masked($key), $c->rotate()['masked']);
    put(own(), made_key());
    same('ERROR_KEY_DOES_NOT_EXIST', thrown(fn () => $c->rotate(), AuthenticationException::class)->getErrorCode());
    same(masked($key), $c->solve('turnstile', PARAMS)->key);
});

test('rotate with a wrong name tells the names', function () {
    $c = client(service('good'), ['keys' => [['name' => 'main', 'from' => ['env:NOBODY_SET_THIS']], 'env:NOR_THIS']]);
    $key = made_key();
    foreach (['other', $key, "\xff"] as $name) {
        $error = thrown(fn () => $c->rotate($name), UsageException::class);
        same('misuse', $error->getErrorCode());
        check(str_contains($error->getText(), 'there are main, backup'), $error->getText());
        same(null, fragment_of($key, (string) $error));
    }
    same('misuse', thrown(fn () => $c->rotate("main\0"), UsageException::class)->getErrorCode());
    thrown(fn () => $c->rotate(['main']), TypeError::class);
    thrown(fn () => $c->rotate('main', 'soon'), TypeError::class);
    thrown(fn () => $c->rotate(timeout: 0), UsageException::class);
});

test('verify takes now', function () {
    $c = client_with(made_key());
    $balance = $c->balance();
    same([$balance, $balance, $balance], [$c->verify(now: true), $c->verify(20, false), $c->verify(null, true)]);
    thrown(fn () => $c->verify(now: []), TypeError::class);
});

test('a member has an end', function () {
    $service = service('good');
    $old = ['name' => 'old', 'from' => [Key::fromValue(made_key())], 'not_after' => '2020-01-31'];
    $c = client($service, ['key' => $old]);
    foreach ([fn () => $c->balance(), fn () => $c->verify(), fn () => $c->solve('turnstile', PARAMS)] as $call) {
        same('key_expired', thrown($call, AuthenticationException::class)->getErrorCode());
    }
    same(0, seen($service, '*'));
    same(['expired', '2020-01-31'], [$c->keys()[0]['state'], substr($c->keys()[0]['expires'], 0, 10)]);
    $c = client($service, ['keys' => [$old, Key::fromValue(made_key())]]);
    same('12.5', $c->balance());
    same('current', $c->keys()[1]['state']);
    thrown(fn () => client($service, ['key' => ['not_after' => 'soon'] + $old]), UsageException::class);
});

test('a member has hours', function () {
    $service = service('good');
    $day = gmdate('D', time() + 2 * 86400);
    $c = client($service, ['key' => ['from' => [fn () => made_key()], 'window' => "$day 00:00-24:00 UTC"]]);
    same('12.5', $c->balance());
    $error = thrown(fn () => $c->solve('turnstile', PARAMS), LimitExceededException::class);
    same('key_closed', $error->getErrorCode());
    check($error->getRetryAfter() > 0);
    same(0, seen($service, 'submit'));
});

test('keys tell their age and who uses them', function () {
    $c = client(service('good'), ['node' => 'desk']);
    $c->balance();
    [$key] = $c->keys();
    same(['desk'], array_column($key['hosts'], 'host'));
    same($key['last_used'], $key['hosts'][0]['last_used']);
    same([false, 'fresh', 0, null, false], [$key['preferred'], $key['age'], $key['age_days'], $key['expires'], $key['safe_to_revoke']]);
    check(is_string($key['safety']) && is_string($key['first_seen']));
});

test('a profile picks options, keys among them', function () {
    $keys = ['dev' => made_key(), 'live' => made_key()];
    $profiles = [
        'dev' => ['keys' => [fn () => $keys['dev']], 'provider' => 'nocaptchaai', 'node' => 'desk', 'ring' => ['age_warn' => '240h', 'age_fail' => 0]],
        'live' => ['keys' => [['name' => 'main', 'from' => [Key::fromValue($keys['live'])], 'not_after' => '2999-01-31']]],
    ];
    $names = ['profile', 'provider', 'node', 'ring.age_warn', 'ring.age_fail'];
    foreach ([new Client('captchaai', config: false, store: 'memory:', profile: 'dev', profiles: $profiles),
              new Client(options: ['provider' => 'captchaai', 'config' => false, 'store' => 'memory:', 'profile' => 'dev', 'profiles' => $profiles]),
              Client::shared('captchaai', config: false, store: 'memory:', profile: 'dev', profiles: $profiles)] as $c) {
        same(['dev', 'nocaptchaai', 'desk', '240h', '0'], array_map([$c, 'option'], $names));
        same(masked($keys['dev']), $c->keys()[0]['masked']);
    }
    $c = client(service('good'), ['keys' => ['env:NOBODY_SET_THIS'], 'profile' => 'live', 'profiles' => $profiles]);
    $c->balance();
    [$key] = $c->keys();
    same(['main', masked($keys['live']), '2999'], [$key['name'], $key['masked'], substr($key['expires'], 0, 4)]);
    $error = thrown(fn () => new Client(config: false, profile: 'test', profiles: $profiles), UsageException::class);
    check(str_contains($error->getMessage(), 'there are dev, live'), $error->getMessage());
});
echo "done\n";
?>
--EXPECT--
done
