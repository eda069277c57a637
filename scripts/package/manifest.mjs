// The manifest of the published package, made from the checkout's: without development packages, without scripts (an
// installer runs or asks about some of them) and without what only npm needs here.

const publishedFields = [
  'name',
  'version',
  'description',
  'keywords',
  'license',
  'repository',
  'homepage',
  'bugs',
  'type',
  'sideEffects',
  'engines',
  'exports',
  'main',
  'types',
  'typesVersions',
  'bin',
  'preferUnplugged',
  'dependencies',
]

/** What the published package.json holds. */
export const publishedManifest = manifest =>
  Object.fromEntries(publishedFields.filter(field => field in manifest).map(field => [field, manifest[field]]))

/** Addresses of the repository's files, which have no folder to be relative to where the text is shown. */
export function withAbsoluteAddresses(text, manifest) {
  const repository = manifest.homepage.replace(/#.*$/, '')
  return text
    .replaceAll(/(!\[[^\]]*\]\()(?![a-z]+:|#)/g, `$1${repository}/raw/main/`)
    .replaceAll(/(?<!!)(\[[^\]]*\]\()(?![a-z]+:|#)/g, `$1${repository}/blob/main/`)
}
