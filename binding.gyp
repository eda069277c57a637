# A shim for tools that know node-gyp only (prebuildify): CMakeLists.txt describes the build. BLASGRAD_CMAKE has further
# options of cmake-js; BLASGRAD_CMAKE_FOLDER is CMake's folder, which node-gyp removes if it is below build/.
{
  "targets": [
    {
      "target_name": "addon",
      "type": "none",
      "actions": [
        {
          "action_name": "cmake",
          "inputs": [],
          "outputs": ["build/Release/addon.node"],
          "action": [
            "node", "-e",
            "require('node:child_process').execFileSync(process.execPath, [require.resolve('cmake-js/bin/cmake-js'), 'compile', '-O', process.env.BLASGRAD_CMAKE_FOLDER ?? 'build/cmake-prebuild', '--CDBLASGRAD_TARGETS=all', ...(process.env.BLASGRAD_CMAKE ?? '').split(' ').filter(Boolean)], {stdio: 'inherit'})"
          ]
        }
      ]
    }
  ]
}
