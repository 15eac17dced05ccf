import Foundation
import ParleyCore
import TOMLKit

/// The settings of all files: a workspace's own, then the user's, then the system's.
struct Configuration {
    struct Setting: Equatable {
        var value: ConfigValue
        /// The file that says so.
        var origin: String
    }

    private(set) var settings: [String: Setting] = [:]
    /// What the files hold that is not taken; one sentence each.
    private(set) var warnings: [String] = []

    /// - Parameter folder: the workspace's, where one is open.
    init(paths: Paths, workspace folder: String? = nil) throws {
        try take(paths.system, isWorkspace: false)
        try take(paths.configFile, isWorkspace: false)
        if let folder { try take(folder + "/config.toml", isWorkspace: true) }
    }

    func truth(_ name: String) -> Bool { self[name] == .truth(true) }

    func number(_ name: String) -> Int? {
        if case .number(let number) = self[name] { number } else { nil }
    }

    func text(_ name: String) -> String? {
        if case .text(let text) = self[name], !text.isEmpty { text } else { nil }
    }

    /// The value set, else the usual one.
    subscript(name: String) -> ConfigValue? {
        settings[name]?.value ?? ConfigKey.named(name).flatMap { $0.value(of: $0.usual) }
    }

    private mutating func take(_ path: String, isWorkspace: Bool) throws {
        guard FileManager.default.fileExists(atPath: path) else { return }
        for (name, value) in try Self.read(path) {
            guard let key = ConfigKey.named(name) else {
                let near = nearest(to: name, among: ConfigKey.all.map(\.name)).first
                warnings.append("\(path): unknown key \(name)" + (near.map { "; did you mean \($0)?" } ?? ""))
                continue
            }
            if isWorkspace, !key.isForWorkspaces {
                warnings.append("\(path): \(name) is not taken from a workspace's own config")
            } else if !key.accepts(value) {
                warnings.append("\(path): \(name) is \"\(value.text)\"; it takes \(key.allowed)")
            } else {
                settings[name] = Setting(value: value, origin: path)
            }
        }
    }

    /// The keys of a file with their tables before them, as `sync.timeout`, sorted.
    static func read(_ path: String) throws -> [(name: String, value: ConfigValue)] {
        guard let text = try? String(contentsOfFile: path, encoding: .utf8) else {
            throw CommandFailure(.failed, "config", "\(path) cannot be read as UTF-8.")
        }
        return try parse(text, path)
    }

    static func parse(_ text: String, _ path: String) throws -> [(name: String, value: ConfigValue)] {
        do {
            return flatten(try TOMLTable(string: text), "").sorted { $0.name < $1.name }
        } catch let error as TOMLParseError {
            let place = "line \(error.source.begin.line), column \(error.source.begin.column)"
            throw CommandFailure(
                .failed, "config", "\(path), \(place): \(error.description)",
                hint: "mend it by hand: parley config path")
        }
    }

    private static func flatten(_ table: TOMLTable, _ prefix: String) -> [(name: String, value: ConfigValue)]
    {
        table.keys.flatMap { name -> [(name: String, value: ConfigValue)] in
            guard let item = table[name] else { return [] }
            if let inner = item.table { return flatten(inner, prefix + name + ".") }
            let value: ConfigValue =
                item.bool.map(ConfigValue.truth) ?? item.int.map(ConfigValue.number)
                ?? item.string.map(ConfigValue.text) ?? .other(item.debugDescription)
            return [(prefix + name, value)]
        }
    }
}
