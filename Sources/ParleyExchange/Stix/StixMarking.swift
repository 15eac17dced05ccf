import ParleyCore

/// TLP as STIX has it: the definitions of TLP 2.0, and those of its first version, which are only read.
enum StixMarking {
    static let levels = ["clear", "green", "amber", "amber+strict", "red"]

    private static let definitions = [
        "clear": "94868c89-83c2-464b-929b-a1a8aa3c8487",
        "green": "bab4a63c-aed9-4cf5-a766-dfca5abac2bb",
        "amber": "55d920b0-5e8b-4f79-9ee9-91f868d9b421",
        "amber+strict": "939a9414-2ddd-4d32-a0cd-375ea402b003",
        "red": "e828b379-4e03-4974-9ac4-e53a884c97c1",
    ]
    private static let first = [
        "613f2e26-407d-48c7-9eca-b8e91df99dc9": "clear",
        "34098fce-860f-48ae-8e50-ebd3cc5e41da": "green",
        "f88d31f6-486f-44da-b317-01333bde0b82": "amber",
        "5e57c739-391a-4eb3-b6be-7d15ca92d5ed": "red",
    ]
    private static let second = Dictionary(uniqueKeysWithValues: definitions.map { ($1, $0) })
    private static let prefix = "marking-definition--"

    static func id(_ level: String) -> String? { definitions[level].map { prefix + $0 } }

    /// The level that an id stands for, in either generation.
    static func level(_ id: String) -> String? {
        guard id.hasPrefix(prefix) else { return nil }
        let uuid = String(id.dropFirst(prefix.count))
        return second[uuid] ?? first[uuid]
    }

    /// Whether this is a definition that every export brings along again.
    static func isOurs(_ id: String) -> Bool {
        id.hasPrefix(prefix) && second[String(id.dropFirst(prefix.count))] != nil
    }

    /// The strictest of those that are named.
    static func strictest(_ ids: [String]) -> String? {
        ids.compactMap(level).max { (levels.firstIndex(of: $0) ?? 0) < (levels.firstIndex(of: $1) ?? 0) }
    }

    /// The definition object of a level, as OASIS fixed it.
    static func definition(_ level: String) -> JSONTree {
        .object([
            .init(name: "type", value: .text("marking-definition")),
            .init(name: "spec_version", value: .text("2.1")),
            .init(name: "id", value: .text(id(level) ?? "")),
            .init(name: "created", value: .text("2022-10-01T00:00:00.000Z")),
            .init(name: "name", value: .text("TLP:" + level.uppercased())),
            .init(name: "extensions", value: extensions(level)),
        ])
    }

    private static func extensions(_ level: String) -> JSONTree {
        let marking = JSONTree.object([
            .init(name: "extension_type", value: .text("property-extension")),
            .init(name: "tlp_2_0", value: .text(level)),
        ])
        let id = "extension-definition--60a3c5c5-0d10-413e-aab3-9e08dde9e88d"
        return .object([.init(name: id, value: marking)])
    }
}
