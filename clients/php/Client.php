<?php
// The fifteen calls of the ImageFlux Live Streaming API option, one method for each, written from its document alone.

declare(strict_types=1);

/** The API answered, but not with a success. */
final class ApiError extends RuntimeException
{
    public function __construct(public readonly int $status, public readonly string $body)
    {
        parent::__construct("$status $body", $status);
    }

    /** A member of the answer, when it is a JSON object that has it. */
    public function member(string $name): mixed
    {
        return json_decode($this->body, true)[$name] ?? null;
    }
}

final class Client
{
    private string $token = '';

    /**
     * The document calls parameters クエリ, and says that requests are application/json. GET has them in its query,
     * unless told to take the second sentence at its word, too.
     */
    public function __construct(private readonly string $baseUrl, private readonly bool $getsAreJson = false)
    {
    }

    public function login(string $email, string $password, string $accessCode): array
    {
        $this->token = '';
        $answer = $this->send('POST', '/api/login', [
            'email' => $email,
            'password' => $password,
            'access_code' => $accessCode,
        ]);
        $this->token = $answer['token'];
        return $answer;
    }

    public function schedules(): array
    {
        return $this->send('GET', '/api/schedule');
    }

    public function createSchedule(string $start, string $end, string $name, array $imagefluxParams): array
    {
        return $this->send('POST', '/api/schedule', [
            'start_datetime' => $start,
            'end_datetime' => $end,
            'name' => $name,
            'imageflux_params' => $imagefluxParams,
        ]);
    }

    public function updateSchedule(string $scheduleId, string $start, string $end, string $name): array
    {
        return $this->send('PATCH', '/api/schedule', [
            'schedule_id' => $scheduleId,
            'start_datetime' => $start,
            'end_datetime' => $end,
            'name' => $name,
        ]);
    }

    public function deleteSchedule(string $scheduleId): array
    {
        return $this->send('DELETE', '/api/schedule', ['schedule_id' => $scheduleId]);
    }

    public function delivery(string $scheduleId): array
    {
        return $this->send('GET', '/api/delivery', ['schedule_id' => $scheduleId]);
    }

    public function view(string $scheduleId): array
    {
        return $this->send('GET', '/api/view', ['schedule_id' => $scheduleId]);
    }

    public function users(): array
    {
        return $this->send('GET', '/api/user');
    }

    /** @param array<string, bool> $permissions delivery, view, schedule, user */
    public function createUser(string $name, string $email, string $password, array $permissions): array
    {
        return $this->send('POST', '/api/user', ['name' => $name, 'email' => $email, 'password' => $password] + $permissions);
    }

    /** @param array<string, mixed> $changes name, password, delivery, view, schedule, user; those that shall change */
    public function updateUser(int $userId, array $changes): array
    {
        return $this->send('PATCH', '/api/user', ['user_id' => $userId] + $changes);
    }

    public function deleteUser(int $userId): array
    {
        return $this->send('DELETE', '/api/user', ['user_id' => $userId]);
    }

    public function changePassword(string $password): array
    {
        return $this->send('PATCH', '/api/password', ['password' => $password]);
    }

    public function changeAccessCode(string $accessCode): array
    {
        return $this->send('PATCH', '/api/access-code', ['access_code' => $accessCode]);
    }

    public function chat(string $scheduleId): array
    {
        return $this->send('GET', '/api/chat', ['schedule_id' => $scheduleId]);
    }

    public function postChat(string $scheduleId, string $body): array
    {
        return $this->send('POST', '/api/chat', ['schedule_id' => $scheduleId, 'body' => $body]);
    }

    private function send(string $method, string $path, array $parameters = []): array
    {
        $url = $this->baseUrl . $path;
        $headers = ['Content-Type: application/json'];
        if ($this->token !== '') {
            $headers[] = 'Authorization: Bearer ' . $this->token;
        }
        $curl = curl_init();
        if ($method !== 'GET' || $this->getsAreJson) {
            curl_setopt($curl, CURLOPT_POSTFIELDS, json_encode((object) $parameters, JSON_THROW_ON_ERROR));
        } elseif ($parameters !== []) {
            $url .= '?' . http_build_query($parameters);
        }
        curl_setopt_array($curl, [
            CURLOPT_URL => $url,
            CURLOPT_CUSTOMREQUEST => $method,
            CURLOPT_HTTPHEADER => $headers,
            CURLOPT_RETURNTRANSFER => true,
            CURLOPT_TIMEOUT => 30,
        ]);
        $body = curl_exec($curl);
        if ($body === false) {
            throw new RuntimeException('no answer: ' . curl_error($curl));
        }
        $status = curl_getinfo($curl, CURLINFO_RESPONSE_CODE);
        $answer = json_decode($body, true);
        if ($status !== 200 || !is_array($answer)) {
            throw new ApiError($status, $body);
        }
        return $answer;
    }
}
