<?php
// php all-calls.php http://127.0.0.1:3000 [json]
//
// All fifteen calls against a fresh local server, in the order of a working day. With `json` the parameters of GET are
// sent as a JSON body, as those of all other calls are.

declare(strict_types=1);

require __DIR__ . '/Client.php';
require __DIR__ . '/shapes.php';

const OK = ['ok' => [true]];
const SCHEDULE = [
    'schedule_id' => 'string',
    'name' => 'string',
    'start_datetime' => WITH_T,
    'end_datetime' => WITH_T,
    'created_datetime' => WITH_T,
    'created_user_name' => 'string',
];
const USER = [
    'user_id' => 'integer',
    'name' => 'string',
    'email' => 'string',
    'is_master' => 'boolean',
    'created_datetime' => DASHES,
    'permissions' => ['delivery' => 'integer', 'view' => 'integer', 'schedule' => 'integer', 'user' => 'integer'],
];

$url = $argv[1] ?? 'http://127.0.0.1:3000';
$connect = static fn (): Client => new Client($url, ($argv[2] ?? '') === 'json');
$client = $connect();
$calls = 0;
$called = static function (string $call) use (&$calls): void {
    $calls += 1;
    echo "$calls. $call\n";
};

$answer = $client->login('imageflux@example.com', 'Password123', '0987654321');
expect(['token' => 'string', 'expires_at' => SLASHES], $answer, 'login');
$called('ログイン認証');

$hls = [[
    'durationSeconds' => 1,
    'startTimeOffset' => -2,
    'video' => ['width' => 640, 'height' => 480, 'fps' => 12, 'bps' => 2465792],
    'audio' => ['bps' => 64000],
]];
$year = (int) date('Y') + 1;
$answer = $client->createSchedule("$year/10/30 12:00:00", "$year/10/30 15:00:00", 'テスト配信', $hls);
expect(['schedule_id' => 'string'], $answer, 'the new schedule');
$id = $answer['schedule_id'];
expectRefusal(
    409,
    static fn () => $client->createSchedule("$year/10/30 14:59:59", "$year/10/30 16:00:00", 'テスト配信', $hls),
    'a second schedule at the same time',
);
$called('配信スケジュール登録');

$answer = $client->updateSchedule($id, "$year/10/30 13:00:00", "$year/10/30 16:00:00", 'テスト配信 2');
expect(OK, $answer, 'the changed schedule');
$called('配信スケジュール編集');

$answer = $client->schedules();
expectRows(SCHEDULE, 1, $answer, 'the list of schedules');
$changed = ["name" => ['テスト配信 2'], 'start_datetime' => ["$year-10-30T13:00:00"], 'end_datetime' => ["$year-10-30T16:00:00"]];
expect(['schedule_id' => [$id]] + $changed, $answer[0], 'the schedule on the list');
$called('配信スケジュール取得');

$answer = $client->delivery($id);
expect(['channel_id' => 'string', 'sora_url' => '/^wss:\/\/[^ ]+$/D'], $answer, 'the delivery');
$called('配信情報取得');

// Publishing is not a call of the API. The local server's simulated ImageFlux does as if somebody did.
file_get_contents("$url/simulator/publish", false, stream_context_create(['http' => [
    'method' => 'POST',
    'header' => 'Content-Type: application/json',
    'content' => json_encode(['channel_id' => $answer['channel_id']]),
]])) !== false || throw new RuntimeException('the simulator does not publish');
$answer = $client->view($id);
expect(['playlist_url' => '/^https?:\/\/[^ ]+\.m3u8$/D'], $answer, 'the view');
$called('視聴情報取得');

$permissions = ['delivery' => true, 'view' => true, 'schedule' => true, 'user' => true];
$answer = $client->createUser('ユーザー名', 'php@example.com', 'Password123', $permissions);
expect(OK + ['user_id' => 'integer'], $answer, 'the new user');
$user = $answer['user_id'];
$called('ユーザー情報登録');

expect(OK, $client->updateUser($user, ['name' => '新しい名前', 'schedule' => false, 'user' => false]), 'the changed user');
expect(OK, $client->updateUser($user, ['password' => 'Password456']), 'the new password of a user');
$called('ユーザー情報編集');

$answer = $client->users();
expectRows(USER, 2, $answer, 'the list of users');
expect(['user_id' => [1], 'is_master' => [true]], $answer[0], 'the master');
$permissions = ['delivery' => [1], 'view' => [1], 'schedule' => [0], 'user' => [0]];
expect(['user_id' => [$user], 'name' => ['新しい名前'], 'is_master' => [false], 'permissions' => $permissions], $answer[1], 'the user');
$called('ユーザー一覧取得');

$other = $connect();
$other->login('php@example.com', 'Password456', '0987654321');
expectRefusal(403, static fn () => $other->users(), 'the list of users, for one who may not see it');
expect(OK, $other->changePassword('Password789'), 'the new password');
expectRefusal(401, static fn () => $connect()->login('php@example.com', 'Password456', '0987654321'), 'the old password');
$called('パスワード変更');

expect(OK, $client->changeAccessCode('1234567890'), 'the new access code');
expectRefusal(401, static fn () => $other->login('php@example.com', 'Password789', '0987654321'), 'the old access code');
$other->login('php@example.com', 'Password789', '1234567890');
$called('アクセスコード変更');

expect(OK, $client->postChat($id, 'テキストメッセージ'), 'the message');
expect(OK, $other->postChat($id, str_repeat('あ', 50)), 'a message of 50 characters');
expectRefusal(422, static fn () => $other->postChat($id, str_repeat('あ', 51)), 'a message of 51 characters');
$called('チャット送信');

expect(OK, $client->chat($id), 'the chat');
$called('チャット取得');

expect(OK, $client->deleteUser($user), 'the deleted user');
expectRefusal(401, static fn () => $other->schedules(), 'the list of schedules, for a deleted user');
$called('ユーザー情報削除');

expect(OK, $client->deleteSchedule($id), 'the deleted schedule');
expectRefusal(404, static fn () => $client->view($id), 'the view of a deleted schedule');
expectRows(SCHEDULE, 0, $client->schedules(), 'the empty list of schedules');
$called('配信スケジュール削除');

$calls === 15 || throw new LogicException("$calls calls");
