// Scores through ltijs's grade service, as its documentation has them sent, run once as a process of its own; prints seconds and
// CPU seconds as JSON. Its libraries are installed into .venv-bench/ltijs; see benchmarks/launch/README.md.
// What it has to know comes in BENCH_SCORES: base, count, at_once and the PostgreSQL that it keeps platforms and tokens in.
const lti = require('ltijs').Provider
const Database = require('ltijs-sequelize')

// What the library says about itself is none of the figures.
console.log = console.info = console.error

const { base, count, at_once: atOnce, postgresql } = JSON.parse(process.env.BENCH_SCORES)

const database = new Database(postgresql.database, postgresql.user, postgresql.password, {
  host: postgresql.host,
  port: postgresql.port,
  dialect: 'postgres',
  logging: false
})

const main = async () => {
  lti.setup('a key for encrypting what the database holds', { plugin: database }, { devMode: false })
  await lti.deploy({ serverless: true, silent: true })
  await lti.registerPlatform({
    url: base,
    name: 'Benchmark',
    clientId: '1',
    authenticationEndpoint: `${base}/auth`,
    accesstokenEndpoint: `${base}/token`,
    authConfig: { method: 'JWK_SET', key: `${base}/jwks` }
  })
  const idtoken = { iss: base, clientId: '1', user: '0' }
  let next = 0
  let done = 0
  const send = async (limit = count) => {
    while (next < limit) {
      const number = next++
      await lti.Grade.submitScore(idtoken, `${base}/items/1`, {
        userId: String(number),
        scoreGiven: number % 100,
        scoreMaximum: 100,
        activityProgress: 'Completed',
        gradingProgress: 'FullyGraded',
        comment: '3 of 4 steps are done'
      })
      done++
    }
  }
  const began = process.hrtime.bigint()
  const cpu = process.cpuUsage()
  // Of several that find no token at once all but one fail: each keeps its own, under one unique key.
  await send(1)
  await Promise.all(Array.from({ length: atOnce }, () => send()))
  const used = process.cpuUsage(cpu)
  const seconds = Number(process.hrtime.bigint() - began) / 1e9
  process.stdout.write(JSON.stringify({ done, seconds, cpu: (used.user + used.system) / 1e6 }), () => process.exit(0))
}

main().catch(error => { console.error(error); process.exit(1) })
