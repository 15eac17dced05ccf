import ParleyCore

/// What properties say in our vocabularies.
enum StixWords {
    static func actorType(_ object: StixObject) -> String? {
        switch object.type.name {
        case "location": return "place"
        case "identity": return classes[object.text("identity_class") ?? ""]
        default:
            if object["threat_actor_types"]?.texts?.contains("nation-state") == true { return "state" }
            return levels[object.text("resource_level") ?? ""] ?? "group"
        }
    }

    private static let classes = ["individual": "person", "group": "group", "organization": "organisation"]
    private static let levels = [
        "individual": "person", "government": "government", "organization": "organisation",
    ]

    static func identityClass(_ type: String?) -> String {
        switch type {
        case "person": "individual"
        case "group", "coalition": "group"
        case "state", "government", "organisation": "organization"
        default: "unknown"
        }
    }

    static func evidenceType(_ object: StixObject) -> String {
        switch object.type.name {
        case "note": "statement"
        case "report", "grouping": "report"
        case "observed-data": "observation"
        default: "data"
        }
    }

    /// The day of what an object is about, where it says one.
    static func day(_ object: StixObject) -> String? {
        let names = ["report": "published", "observed-data": "first_observed"]
        let day = names[object.type.name].flatMap(object.text).map { String($0.prefix(10)) }
        return day.flatMap { CivilDate($0) == nil ? nil : $0 }
    }

    // MARK: Confidence (STIX 2.1, appendix A)

    /// The Admiralty credibility that a number stands for; only what somebody states has one.
    static func credibility(_ object: StixObject) -> String? {
        guard ["note", "report", "grouping", "observed-data"].contains(object.type.name),
            case .number(let number)? = object["confidence"], let confidence = number.int64
        else { return nil }
        switch confidence {
        case 0..<20: return "5"
        case 20..<40: return "4"
        case 40..<60: return "3"
        case 60..<80: return "2"
        case 80...100: return "1"
        default: return nil
        }
    }

    static let confidences = ["low": 15, "moderate": 50, "high": 85]

    /// The name under which what an object's author states is kept.
    static func voice(_ object: StixObject) -> String {
        "~" + slug(object["authors"]?[0]?.text ?? "stix")
    }

    /// A text as a handle: small letters, digits and dashes.
    static func slug(_ text: String) -> String {
        var slug = ""
        for character in text.lowercased() where slug.utf8.count < 32 {
            if character.isASCII, character.isLetter || character.isNumber || character == "_" {
                slug.append(character)
            } else if !slug.isEmpty, !slug.hasSuffix("-") {
                slug.append("-")
            }
        }
        while slug.hasSuffix("-") { slug.removeLast() }
        return slug.isEmpty ? "stix" : slug
    }
}
