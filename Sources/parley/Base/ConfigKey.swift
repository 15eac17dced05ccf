/// A key that `config.toml` may hold. None of them names a command: an editor or a pager comes from the
/// environment alone, so no file that came with somebody else's folder can start a program.
struct ConfigKey {
    enum Kind: Equatable {
        case truth
        case number(ClosedRange<Int>)
        case text
        case choice([String])
        /// Columns of `list`.
        case columns
        /// Any value that TOML has.
        case any
    }

    var name: String
    var kind: Kind
    var usual: String
    var meaning: String
    /// May a workspace's own config set it? Only what is harmless in a workspace that came from others.
    var isForWorkspaces = false

    /// `keys.` and `lint.` are open tables: a name that ends with a dot stands for all below it.
    static let all: [ConfigKey] = [
        ConfigKey(name: "sync.auto", kind: .truth, usual: "false", meaning: "sync after each write"),
        ConfigKey(
            name: "sync.connect_timeout", kind: .number(1...600), usual: "5",
            meaning: "seconds to reach the server"),
        ConfigKey(
            name: "sync.timeout", kind: .number(1...86_400), usual: "30", meaning: "seconds without progress"),
        ConfigKey(
            name: "ui.theme", kind: .choice(["auto", "dark", "light", "plain"]), usual: "auto",
            meaning: "colours of the screen", isForWorkspaces: true),
        ConfigKey(name: "ui.ascii", kind: .truth, usual: "false", meaning: "draw with ASCII only"),
        ConfigKey(name: "ui.mouse", kind: .truth, usual: "false", meaning: "listen to the mouse"),
        ConfigKey(name: "ui.motion", kind: .truth, usual: "true", meaning: "animate"),
        ConfigKey(name: "ui.presence", kind: .truth, usual: "true", meaning: "show others what you look at"),
        ConfigKey(
            name: "ui.columns", kind: .columns, usual: "", meaning: "columns of list, as id,title,changed",
            isForWorkspaces: true),
        ConfigKey(name: "keys.", kind: .text, usual: "", meaning: "keys of the screen, action = \"key\""),
        ConfigKey(
            name: "lint.stale_days", kind: .number(1...3650), usual: "30",
            meaning: "days after which an indicator is due for a look", isForWorkspaces: true),
        ConfigKey(
            name: "lint.off", kind: .text, usual: "", meaning: "rules that are not looked at, as L24,L27",
            isForWorkspaces: true),
        ConfigKey(name: "lint.", kind: .any, usual: "", meaning: "rules of lint", isForWorkspaces: true),
    ]

    static func named(_ name: String) -> ConfigKey? {
        all.first {
            $0.name == name || ($0.name.hasSuffix(".") && name.hasPrefix($0.name) && name != $0.name)
        }
    }

    var allowed: String {
        switch kind {
        case .truth: "true or false"
        case .number(let range): "a whole number from \(range.lowerBound) to \(range.upperBound)"
        case .text: "text"
        case .choice(let words): "one of " + words.joined(separator: ", ")
        case .columns: "columns of list, as id,title,changed, or any fields"
        case .any: "any value"
        }
    }

    func accepts(_ value: ConfigValue) -> Bool {
        switch (kind, value) {
        case (.truth, .truth), (.text, .text), (.any, _): true
        case (.number(let range), .number(let number)): range.contains(number)
        case (.columns, .text(let names)): names.isEmpty || (try? ListColumn.parse(names)) != nil
        case (.choice(let words), .text(let word)): words.contains(word)
        default: false
        }
    }

    /// What is typed behind `config set KEY`.
    func value(of text: String) -> ConfigValue? {
        let value: ConfigValue? =
            switch kind {
            case .truth: ["true": true, "false": false][text].map(ConfigValue.truth)
            case .number: Int(text).map(ConfigValue.number)
            case .text, .choice, .columns: .text(text)
            case .any:
                ["true": true, "false": false][text].map(ConfigValue.truth) ?? Int(text).map(
                    ConfigValue.number)
                    ?? .text(text)
            }
        return value.flatMap { accepts($0) ? $0 : nil }
    }
}

enum ConfigValue: Equatable {
    case truth(Bool)
    case number(Int)
    case text(String)
    /// A value of TOML that no key of ours takes, as it stands in the file.
    case other(String)

    var text: String {
        switch self {
        case .truth(let truth): truth ? "true" : "false"
        case .number(let number): String(number)
        case .text(let text), .other(let text): text
        }
    }
}
