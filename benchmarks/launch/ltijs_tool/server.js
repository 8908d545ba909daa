// The other side, in JavaScript: a tool on ltijs with its PostgreSQL plugin, as their documentation sets them up.
// Its libraries are installed into .venv-bench/ltijs; see benchmarks/launch/README.md.
const lti = require('ltijs').Provider
const Database = require('ltijs-sequelize')

const platform = JSON.parse(process.env.BENCH_PLATFORM)
const postgresql = JSON.parse(process.env.BENCH_POSTGRESQL)

const database = new Database(postgresql.database, postgresql.user, postgresql.password, {
  host: postgresql.host,
  port: postgresql.port,
  dialect: 'postgres',
  logging: false
})

const main = async () => {
  lti.setup('a key for encrypting what the database holds', { plugin: database }, {
    appRoute: '/lti/launch',
    loginRoute: '/lti/login',
    keysetRoute: '/keys',
    cookies: { secure: false, sameSite: '' },
    devMode: false
  })
  lti.app.get('/health/live', (request, response) => response.send('ok'))
  lti.whitelist('/health/live')
  lti.onConnect((token, request, response) => response.send('welcome'))
  await lti.deploy({ port: Number(process.env.PORT), silent: true })
  await lti.registerPlatform({
    url: platform.issuer,
    name: 'Benchmark',
    clientId: platform.client_id,
    authenticationEndpoint: platform.auth_login_url,
    accesstokenEndpoint: platform.token_url,
    authConfig: { method: 'JWK_SET', key: platform.jwks_url }
  })
}

main().catch(error => { console.error(error); process.exit(1) })
