// Empty folders with an empty home and no compiler, in which the tarball is installed and used.

import { spawn } from 'node:child_process'
import { existsSync, mkdirSync, mkdtempSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { delimiter, dirname, join } from 'node:path'

/** What an installed package must do: learn, and say on which backend. As an ES module. */
export const program = `import { backendInfo, nn, optim, randn, manualSeed } from 'blasgrad'
manualSeed(1)
const x = randn([64, 8])
const y = x.mul(x).sum(1, { keepdims: true })
const model = new nn.Sequential(new nn.Linear(8, 32), new nn.ReLU(), new nn.Linear(32, 1))
const optimizer = new optim.Adam(model.parameters(), { lr: 1e-2 })
const losses = []
for (let i = 0; i < 60; i++) {
  optimizer.zeroGrad()
  const loss = nn.functional.mseLoss(model.forward(x), y)
  loss.backward()
  optimizer.step()
  losses.push(loss.item())
}
if (!(losses[59] < losses[0] / 2)) throw new Error('it does not learn: ' + losses)
console.log('backend: ' + backendInfo().backend)
`

const commonPrograms =
  'sh env dirname basename sed uname cat rm mkdir ln chmod readlink tar gzip git ls cp find xargs tr id'

/** Everything a check needs: where it works, and a PATH of Node, npm and plain programs. */
export function makeSandbox() {
  const root = mkdtempSync(join(tmpdir(), 'blasgrad-release-'))
  const bin = join(root, 'bin')
  mkdirSync(bin)
  const node = dirname(process.execPath)
  for (const name of ['node', 'npm', 'npx']) symlinkSync(join(node, name), join(bin, name))
  for (const name of commonPrograms.split(' ')) {
    const folder = process.env.PATH.split(delimiter).find(path => path !== node && existsSync(join(path, name)))
    if (folder !== undefined) symlinkSync(join(folder, name), join(bin, name))
  }
  let made = 0
  /** A folder with a package.json and the program, and what runs commands in it. */
  const folder = ({ name = 'app', manifest = {}, files = {} } = {}) => {
    const path = join(root, `${name}-${made++}`)
    const home = join(path, 'home')
    mkdirSync(home, { recursive: true })
    const text = JSON.stringify({ name: 'app', version: '1.0.0', private: true, type: 'module', ...manifest })
    for (const [file, content] of Object.entries({ 'package.json': text, 'train.mjs': program, ...files })) {
      mkdirSync(dirname(join(path, file)), { recursive: true })
      writeFileSync(join(path, file), content)
    }
    return { path, run: (command, args, options) => run(command, args, { bin, home, cwd: path, ...options }) }
  }
  return { root, bin, folder }
}

/** Variables that name registries, proxies and certificates: where packages come from, not what is installed. */
const kept =
  /^(npm_config_(registry|cafile)|NODE_EXTRA_CA_CERTS|SSL_CERT_FILE|https?_proxy|HTTPS?_PROXY|NPM_CONFIG_REGISTRY|LANG)$/i

/** Runs a command. Returns its output. @throws Error with the end of its output if it fails. */
function run(command, args, { bin, home, cwd, env = {}, path = bin, seconds = 300 }) {
  const passed = Object.fromEntries(Object.entries(process.env).filter(([name]) => kept.test(name)))
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, {
      cwd,
      env: { ...passed, PATH: path, HOME: home, CI: 'true', ...env },
      timeout: seconds * 1000,
    })
    let output = ''
    for (const stream of [child.stdout, child.stderr]) stream.on('data', data => (output += data))
    child.on('error', reject)
    child.on('close', code => {
      if (code === 0) resolve(output)
      else reject(new Error(`${command} ${args.join(' ')}: ${output.trim().split('\n').slice(-12).join('\n')}`))
    })
  })
}
