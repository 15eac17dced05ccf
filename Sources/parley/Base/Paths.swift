import Foundation

/// Where files lie. PARLEY_HOME replaces all roots at once; a relative XDG value is ignored, as the
/// specification of XDG demands.
struct Paths: Equatable {
    var config: String
    var data: String
    var state: String
    /// Sockets.
    var runtime: String
    /// What an administrator set for everybody.
    var system = "/etc/parley/config.toml"

    init(environment: [String: String]) throws {
        if let home = environment["PARLEY_HOME"], !home.isEmpty {
            guard home.hasPrefix("/") else {
                throw CommandFailure(.usage, "home", "PARLEY_HOME is \"\(home)\", which is no absolute path.")
            }
            (config, data) = (home + "/config", home + "/data")
            (state, runtime) = (home + "/state", home + "/run")
            system = home + "/system.toml"
            return
        }
        let home = environment["HOME"].flatMap { $0.hasPrefix("/") ? $0 : nil } ?? NSHomeDirectory()
        func root(_ name: String, _ usual: String) -> String {
            environment[name].flatMap { $0.hasPrefix("/") ? $0 : nil } ?? home + usual
        }
        config = root("XDG_CONFIG_HOME", "/.config") + "/parley"
        data = root("XDG_DATA_HOME", "/.local/share") + "/parley"
        state = root("XDG_STATE_HOME", "/.local/state") + "/parley"
        runtime = root("XDG_RUNTIME_DIR", "/.local/state") + "/parley"
    }

    var configFile: String { config + "/config.toml" }

    func folder(ofWorkspace name: String) -> String { data + "/" + name }

    /// The workspaces there are, by name.
    func workspaces() -> [String] {
        let names = (try? FileManager.default.contentsOfDirectory(atPath: data)) ?? []
        return names.filter { Self.isWorkspace(data + "/" + $0) }.sorted()
    }

    static func isWorkspace(_ folder: String) -> Bool {
        FileManager.default.fileExists(atPath: folder + "/workspace.sqlite")
    }

    /// Makes a folder that only its owner may enter.
    static func makePrivate(_ folder: String) throws {
        do {
            try FileManager.default.createDirectory(
                atPath: folder, withIntermediateDirectories: true, attributes: [.posixPermissions: 0o700])
        } catch {
            throw CommandFailure(
                .failed, "folder", "The folder \(folder) cannot be made: \(error.localizedDescription)")
        }
    }
}
