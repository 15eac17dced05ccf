import ArgumentParser
import Foundation
import ParleyTerminal

struct Config: Subcommand {
    static let configuration = CommandConfiguration(
        commandName: "config",
        abstract: "Read and change settings.",
        usage: "parley config get KEY | set KEY VALUE | list | path [options]",
        discussion: """
            Examples:
              parley config list
              parley config get sync.timeout
              parley config set ui.theme dark
              $EDITOR "$(parley config path)"
            """,
        subcommands: [ConfigGet.self, ConfigSet.self, ConfigList.self, ConfigPath.self])

    @OptionGroup(title: "Everywhere") var options: GlobalOptions
    @ParentCommand var parent: Parley

    func run(_ console: Console) throws {
        throw CleanExit.helpRequest(self)
    }

    static func key(_ name: String) throws -> ConfigKey {
        guard let key = ConfigKey.named(name) else {
            throw CommandFailure(
                .failed, "config-key", "There is no setting \"\(name)\".",
                hint: "all of them: parley config list")
        }
        return key
    }

    /// The workspace's folder, where it is clear which; its own config counts then.
    static func folder(_ console: Console) throws -> String? {
        let choice = WorkspaceChoice(
            paths: console.paths, environment: console.environment,
            directory: FileManager.default.currentDirectoryPath)
        if let flag = console.options.workspace { return try choice.folder(flag: flag) }
        return try? choice.folder(flag: nil)
    }

    static func json(_ value: ConfigValue?) -> JSON {
        switch value {
        case .truth(let truth): .bool(truth)
        case .number(let number): .int(number)
        case .text(let text), .other(let text): .text(text)
        case nil: .null
        }
    }
}

struct ConfigGet: Action {
    static let configuration = CommandConfiguration(commandName: "get", abstract: "Print one setting.")

    @Argument(help: "As sync.timeout.") var key: String
    @OptionGroup(title: "Everywhere") var options: GlobalOptions
    @ParentCommand var group: Config

    func run(_ console: Console) throws {
        _ = try Config.key(key)
        let value = try console.configuration(workspace: Config.folder(console))[key]
        if console.options.json {
            try console.json(["key": .text(key), "value": Config.json(value)])
        } else {
            try console.line(visible(value?.text ?? ""))
        }
    }
}

struct ConfigSet: Action {
    static let configuration = CommandConfiguration(
        commandName: "set", abstract: "Change one setting in the user's config.toml; its other lines stay.")

    @Argument(help: "As sync.timeout.") var key: String
    @Argument var value: String
    @OptionGroup(title: "Everywhere") var options: GlobalOptions
    @ParentCommand var group: Config

    func run(_ console: Console) throws {
        let known = try Config.key(key)
        guard let parsed = known.value(of: value) else {
            throw CommandFailure(
                .failed, "config-value", "\(key): \"\(value)\" is not \(known.allowed). Nothing was written.")
        }
        let path = console.paths.configFile
        let old = FileManager.default.fileExists(atPath: path) ? try console.contents(ofFile: path) : ""
        _ = try Configuration.parse(old, path)
        let text = ConfigFile.setting(key, to: parsed, in: old)
        guard try Configuration.parse(text, path).contains(where: { $0.name == key && $0.value == parsed })
        else {
            throw CommandFailure(
                .failed, "config", "\(path) is written in a way that this command cannot change.",
                hint: "change it by hand: $EDITOR \(path)")
        }
        try Paths.makePrivate(console.paths.config)
        try Data(text.utf8).write(to: URL(fileURLWithPath: path), options: .atomic)
        if console.options.json { try console.json(["key": .text(key), "value": Config.json(parsed)]) }
    }
}

struct ConfigList: Action {
    static let configuration = CommandConfiguration(commandName: "list", abstract: "Print all settings.")

    @OptionGroup(title: "Everywhere") var options: GlobalOptions
    @ParentCommand var group: Config

    func run(_ console: Console) throws {
        let configuration = try console.configuration(workspace: Config.folder(console))
        let usual = ConfigKey.all.map(\.name).filter { !$0.hasSuffix(".") }
        let names = Set(usual).union(configuration.settings.keys).sorted()
        if console.options.json {
            return try console.json(
                .array(
                    names.map { name in
                        [
                            "key": .text(name), "value": Config.json(configuration[name]),
                            "origin": .text(orNull: configuration.settings[name]?.origin),
                        ]
                    }))
        }
        var table = TextTable([.init(), .init(isElastic: true), .init(isElastic: true)])
        for name in names {
            let origin = configuration.settings[name]?.origin
            let meaning = ConfigKey.named(name)?.meaning ?? ""
            table.add([
                .init(name), .init(configuration[name]?.text ?? "", origin == nil ? .faint : .strong),
                .init(origin ?? "usual: \(meaning)", .faint),
            ])
        }
        try console.table(table)
    }
}

struct ConfigPath: Action {
    static let configuration = CommandConfiguration(
        commandName: "path", abstract: "Print where the user's config.toml lies.")

    @OptionGroup(title: "Everywhere") var options: GlobalOptions
    @ParentCommand var group: Config

    func run(_ console: Console) throws {
        let path = console.paths.configFile
        if console.options.json { try console.json(["path": .text(path)]) } else { try console.line(path) }
    }
}
