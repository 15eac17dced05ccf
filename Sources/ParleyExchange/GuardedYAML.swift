import ParleyCore
import Yams

/// YAML from strangers: what would keep its reader busy for ever is refused before it starts.
enum GuardedYAML {
    /// Aliases of aliases let a few lines stand for billions, which YAML's reader walks through to compare names.
    private static let mostAliases = 8

    /// - Parameter what: how messages call the text: `front matter`.
    /// - Returns: nil for a text without any content.
    static func compose(_ yaml: String, of what: String) throws(DraftFault) -> Node? {
        guard aliases(in: yaml) <= mostAliases else {
            let reason = "the \(what) repeats itself by more than \(mostAliases) aliases"
            throw DraftFault(line: 1, reason: reason)
        }
        do {
            return try Yams.compose(yaml: yaml)
        } catch {
            throw fault(error, what)
        }
    }

    /// How often `*name` stands in a text that has `&name` somewhere: as many as YAML may find, or more.
    private static func aliases(in yaml: String) -> Int {
        let bytes = Array(yaml.utf8)
        let anchors = Set(names(after: UInt8(ascii: "&"), in: bytes))
        return anchors.isEmpty ? 0 : names(after: UInt8(ascii: "*"), in: bytes).count { anchors.contains($0) }
    }

    private static func names(after sign: UInt8, in bytes: [UInt8]) -> [ArraySlice<UInt8>] {
        bytes.indices.filter { bytes[$0] == sign }.map { bytes[($0 + 1)...].prefix(while: isOfAnchor) }
            .filter { !$0.isEmpty }
    }

    /// The characters of an anchor's name, as libyaml has them.
    private static func isOfAnchor(_ byte: UInt8) -> Bool {
        (48...57).contains(byte) || (65...90).contains(byte & 0xDF) || byte == 0x2D || byte == 0x5F
    }

    private static func fault(_ error: any Error, _ what: String) -> DraftFault {
        switch error as? YamlError {
        case .scanner(_, let problem, let mark, _), .parser(_, let problem, let mark, _),
            .composer(_, let problem, let mark, _):
            DraftFault(line: mark.line, column: mark.column, reason: "\(what): \(problem)")
        case .duplicatedKeysInMapping(let names, let context):
            DraftFault(
                line: context.mark.line,
                reason: "\(what): \(names.sorted().joined(separator: ", ")) stands twice")
        default:
            DraftFault(line: 1, reason: "\(what): not YAML")
        }
    }
}
