import ParleyCore

/// What the objects of a STIX type become here.
struct StixType {
    let name: String
    let kind: Kind
    let lenses: [StixLens]

    private enum Group { case actor, evidence, opinion, relationship, definition, observable, other }

    /// - Returns: nil only where the schema lacks a kind, which it does not.
    static func of(_ name: String) -> StixType? {
        let group = group(of: name)
        return Schema.assessments[name: kindName(group)].map {
            StixType(name: name, kind: $0, lenses: lenses(name, group, $0))
        }
    }

    static func kind(of type: String) -> UInt32 {
        Schema.assessments[name: kindName(group(of: type))]?.tag ?? 0
    }

    private static func group(of name: String) -> Group {
        switch name {
        case "identity", "threat-actor", "intrusion-set", "location": .actor
        case "note", "report", "grouping", "observed-data": .evidence
        case "opinion": .opinion
        case "relationship": .relationship
        case "marking-definition", "language-content", "extension-definition": .definition
        case let type where observables.contains(type): .observable
        default: .other
        }
    }

    private static func kindName(_ group: Group) -> String {
        switch group {
        case .actor: "actor"
        case .evidence, .observable, .other: "evidence"
        case .opinion, .definition: "note"
        case .relationship: "link"
        }
    }

    private static func lenses(_ name: String, _ group: Group, _ kind: Kind) -> [StixLens] {
        let words: [StixLens] =
            switch (name, group) {
            case ("note", _): [.title("abstract"), .text("content"), .tags]
            case ("observed-data", _): [.tags]
            case ("opinion", _): [.text("explanation"), .tags]
            case (_, .relationship): [.text("description"), .tags]
            case (_, .definition), (_, .observable): []
            default: [.title("name"), .text("description"), .tags]
            }
        return words + more(name, kind) + [.marking]
    }

    private static func more(_ name: String, _ kind: Kind) -> [StixLens] {
        switch name {
        case "threat-actor", "intrusion-set": kind[name: "aliases"].map { [.aliases($0.tag)] } ?? []
        case "note": kind[name: "speaker"].map { [.speaker($0.tag)] } ?? []
        default: []
        }
    }

    /// The cyber observables of STIX 2.1, section 6: they have no name, no description and no dates.
    private static let observables: Set<String> = [
        "artifact", "autonomous-system", "directory", "domain-name", "email-addr", "email-message", "file",
        "ipv4-addr", "ipv6-addr", "mac-addr", "mutex", "network-traffic", "process", "software", "url",
        "user-account", "windows-registry-key", "x509-certificate",
    ]
}

/// Relations: ours and theirs.
enum StixRelation {
    private static let ours = [
        "duplicates": "duplicate-of", "depends_on": "depends-on", "bears_on": "bears-on",
        "alternative_to": "alternative-to", "related_to": "related-to",
    ]
    private static let theirs = Dictionary(uniqueKeysWithValues: ours.map { ($1, $0) }).merging([
        "based-on": "depends_on", "derived-from": "depends_on", "revoked-by": "updates",
    ]) { first, _ in first }

    static func type(of rel: String) -> String { ours[rel] ?? rel }

    /// What says the same here; `related_to` where nothing does.
    static func rel(of type: String, among tokens: [String]) -> String {
        let rel = theirs[type] ?? type
        return tokens.contains(rel) ? rel : "related_to"
    }
}
