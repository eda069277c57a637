# A shim for tools that know node-gyp only (prebuildify): CMakeLists.txt describes the build.
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
            "require('node:child_process').execFileSync(process.execPath, [require.resolve('cmake-js/bin/cmake-js'), 'compile', '-O', 'build/cmake-prebuild', '--CDBLASGRAD_TARGETS=all'], {stdio: 'inherit'})"
          ]
        }
      ]
    }
  ]
}
