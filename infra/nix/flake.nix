# The development shell on NixOS, where programs that were built for other systems find no loader and no libraries: pixi in a
# file system as they expect it. `nix develop ./infra/nix`, then `./pixiw run demo` as anywhere else. docs/one-machine.md says
# what of this has been tried.
{
  description = "The data platform's shell: pixi in an FHS environment";

  inputs.nixpkgs.url = "github:NixOS/nixpkgs/nixos-26.05";

  outputs =
    { self, nixpkgs }:
    let
      systems = [
        "x86_64-linux"
        "aarch64-linux"
      ];
      forEach = nixpkgs.lib.genAttrs systems;
    in
    {
      devShells = forEach (
        system:
        let
          pkgs = nixpkgs.legacyPackages.${system};
          fhs = pkgs.buildFHSEnv {
            name = "data-platform";
            # What wheels and conda packages take from the system.
            targetPkgs =
              packages: with packages; [
                pixi
                git
                cacert
                glibc
                zlib
                stdenv.cc.cc.lib
              ];
            runScript = "bash";
            profile = ''
              export DO_NOT_TRACK=1
            '';
          };
        in
        {
          default = fhs.env;
        }
      );
    };
}
