package jsgx.host.fleet;

/**
 * What is done in the engine in one step. Each script refuses a fleet of another schema, whose number is the first argument, and is
 * given its keys with the schema's first.
 */
enum RedisScript {

    /** Keys: schema, id, revision, policy-revision. Arguments: schema, an id. Begins a fleet where there is none. */
    BEGIN(false, """
            if redis.call('EXISTS', KEYS[1]) == 0 then
              redis.call('SET', KEYS[2], ARGV[2])
              redis.call('SET', KEYS[3], '0')
              redis.call('SET', KEYS[4], '0')
              redis.call('SET', KEYS[1], ARGV[1])
            end
            return redis.call('GET', KEYS[1])
            """),

    /** Keys: schema, revision, revocations. Arguments: schema, the most. Answers the revision and the hash. */
    REVOCATIONS(true, """
            if redis.call('HLEN', KEYS[3]) > tonumber(ARGV[2]) then
              return redis.error_reply('FULL more than ' .. ARGV[2] .. ' revocations')
            end
            return {redis.call('GET', KEYS[2]), redis.call('HGETALL', KEYS[3])}
            """),

    /** Keys: schema, revision, revocations. Arguments: schema, channel, the most, time and host, revocations. */
    REVOKE(true, """
            local fresh = {}
            for i = 5, #ARGV do
              if redis.call('HEXISTS', KEYS[3], ARGV[i]) == 0 then fresh[#fresh + 1] = ARGV[i] end
            end
            if #fresh == 0 then return redis.call('GET', KEYS[2]) end
            if redis.call('HLEN', KEYS[3]) + #fresh > tonumber(ARGV[3]) then
              return redis.error_reply('FULL more than ' .. ARGV[3] .. ' revocations')
            end
            redis.call('INCR', KEYS[2])
            local revision = redis.call('GET', KEYS[2])
            for _, each in ipairs(fresh) do
              redis.call('HSET', KEYS[3], each, revision .. ' ' .. ARGV[4])
            end
            redis.call('PUBLISH', ARGV[2], revision)
            return revision
            """),

    /** Keys: schema, revision, revocations. Arguments: schema, channel, the revision seen, a revocation. */
    REINSTATE(true, """
            local entry = redis.call('HGET', KEYS[3], ARGV[4])
            if entry then
              local since = tonumber(string.match(entry, '^%d+'))
              if since and since > tonumber(ARGV[3]) then
                return redis.error_reply('NEWER it was revoked again at revision ' .. since)
              end
              redis.call('HDEL', KEYS[3], ARGV[4])
              redis.call('INCR', KEYS[2])
              redis.call('PUBLISH', ARGV[2], ARGV[4])
            end
            return redis.call('GET', KEYS[2])
            """),

    /** Keys: schema, id. Arguments: schema, the id before, another. */
    RENEW(true, """
            if redis.call('GET', KEYS[2]) == ARGV[2] then redis.call('SET', KEYS[2], ARGV[3]) end
            return redis.call('GET', KEYS[2])
            """),

    /** Keys: schema, policy. Arguments: schema, the most bytes. Answers the hash. */
    POLICY(true, """
            local size = 0
            for _, field in ipairs(redis.call('HKEYS', KEYS[2])) do
              size = size + redis.call('HSTRLEN', KEYS[2], field)
            end
            if size > tonumber(ARGV[2]) then
              return redis.error_reply('FULL a policy of ' .. size .. ' bytes')
            end
            return redis.call('HGETALL', KEYS[2])
            """),

    /**
     * Keys: schema, revision, policy-revision, policy. Arguments: schema, channel, 1 to accept a lower sequence number, the sequence
     * number in 19 digits, fields and values.
     */
    INSTALL(true, """
            local before = redis.call('HGET', KEYS[4], 'sequence') or '0000000000000000000'
            local from = '0000000000000000000'
            if ARGV[4] < before then
              if ARGV[3] ~= '1' then return redis.error_reply('ROLLBACK ' .. before) end
              from = before
            end
            redis.call('INCR', KEYS[2])
            local revision = redis.call('GET', KEYS[2])
            redis.call('DEL', KEYS[4])
            redis.call('HSET', KEYS[4], 'sequence', ARGV[4], 'from', from, 'revision', revision)
            for i = 5, #ARGV, 2 do
              redis.call('HSET', KEYS[4], ARGV[i], ARGV[i + 1])
            end
            redis.call('SET', KEYS[3], revision)
            redis.call('PUBLISH', ARGV[2], revision)
            return revision
            """),

    /** Keys: schema, revision, tokens, their order, its clock. Arguments: schema, revision, the most, field, record. */
    KEEP(true, """
            if redis.call('GET', KEYS[2]) ~= ARGV[2] then return '0' end
            redis.call('HSET', KEYS[3], ARGV[4], ARGV[5])
            redis.call('ZADD', KEYS[4], redis.call('INCR', KEYS[5]), ARGV[4])
            while redis.call('ZCARD', KEYS[4]) > tonumber(ARGV[3]) do
              redis.call('HDEL', KEYS[3], redis.call('ZPOPMIN', KEYS[4])[1])
            end
            return '1'
            """),

    /** Keys: schema, tokens, their order. Arguments: schema, field, record. */
    FORGET(true, """
            if redis.call('HGET', KEYS[2], ARGV[2]) ~= ARGV[3] then return '0' end
            redis.call('HDEL', KEYS[2], ARGV[2])
            redis.call('ZREM', KEYS[3], ARGV[2])
            return '1'
            """),

    /** Keys: schema, stream, cursors. Arguments: schema, trail, cursor, next cursor, the most, platform, host, records. */
    APPEND(true, """
            local at = redis.call('HGET', KEYS[3], ARGV[2]) or '0'
            if at ~= ARGV[3] then return at end
            for i = 8, #ARGV do
              redis.call('XADD', KEYS[2], 'MAXLEN', '~', ARGV[5], '*', 'platform', ARGV[6], 'host', ARGV[7], 'entry', ARGV[i])
            end
            redis.call('HSET', KEYS[3], ARGV[2], ARGV[4])
            return ARGV[4]
            """),

    /** Keys: schema, hosts. Arguments: schema, the most, a host, what it tells; the engine's time is added. */
    TELL(true, """
            if redis.call('HEXISTS', KEYS[2], ARGV[3]) == 0 and redis.call('HLEN', KEYS[2]) >= tonumber(ARGV[2]) then
              return redis.error_reply('FULL more than ' .. ARGV[2] .. ' hosts')
            end
            local now = redis.call('TIME')
            local millis = string.format('%d%03d', now[1], math.floor(now[2] / 1000))
            redis.call('HSET', KEYS[2], ARGV[3], millis .. '\\t' .. ARGV[4])
            return '1'
            """),

    /** Keys: schema, hosts. Arguments: schema, the most. Answers the hash. */
    HOSTS(true, """
            if redis.call('HLEN', KEYS[2]) > tonumber(ARGV[2]) then
              return redis.error_reply('FULL more than ' .. ARGV[2] .. ' hosts')
            end
            return redis.call('HGETALL', KEYS[2])
            """);

    private static final String OF_THIS_SCHEMA = """
            local schema = redis.call('GET', KEYS[1])
            if schema ~= ARGV[1] then return redis.error_reply('SCHEMA ' .. tostring(schema)) end
            """;

    private final String text;

    RedisScript(boolean checked, String body) {
        this.text = checked ? OF_THIS_SCHEMA + body : body;
    }

    /** The script in Lua. */
    String text() {
        return text;
    }
}
