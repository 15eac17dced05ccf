import ParleyClient
import ParleyCore
import ParleyStore
import ParleyTerminal

/// Records as JSON objects.
struct RecordJSON {
    /// The version of the shape.
    static let schema = 1

    let naming: Naming

    /// Field names and values alone.
    func values(_ image: RecordImage?) -> JSON {
        guard let image else { return .object([]) }
        let speech = ValueSpeech(naming: naming)
        return .object(
            image.registers.map { register in
                JSONMember(
                    image.name.schema.text(of: register.name),
                    speech.json(register.value, of: register.name, in: image.name))
            })
    }

    /// A record with the origin of every field.
    func whole(_ record: RecordName, _ details: [RegisterDetail], fields: [String]?) -> JSON {
        let members = details.compactMap { detail -> JSONMember? in
            let name = record.schema.text(of: detail.name)
            guard detail.value != .null || !detail.aside.isEmpty, Self.isWanted(name, fields) else {
                return nil
            }
            return JSONMember(name, register(detail, of: record))
        }
        return [
            "schema": .int(Self.schema), "id": .text(record.fullAddress), "kind": .text(record.kindName),
            "fields": .object(members),
        ]
    }

    func register(_ detail: RegisterDetail, of record: RecordName) -> JSON {
        let speech = ValueSpeech(naming: naming)
        var members = [
            JSONMember("value", speech.json(detail.value, of: detail.name, in: record)),
            JSONMember("change", .text(detail.shown.change.shortAddress)),
            JSONMember("by", .text(naming.author(of: detail.shown.change))),
            JSONMember("at", .text(Instant(detail.shown).text)),
            JSONMember("review", .bool(!detail.aside.isEmpty)),
        ]
        if !detail.aside.isEmpty {
            members.append(
                JSONMember(
                    "aside",
                    .array(
                        detail.aside.map { head in
                            [
                                "value": speech.json(head.value, of: detail.name, in: record),
                                "change": .text(head.origin.change.shortAddress),
                                "by": .text(naming.author(of: head.origin.change)),
                                "at": .text(Instant(head.origin).text),
                            ]
                        })))
        }
        return .object(members)
    }

    /// `stance` stands for `stance@olga` too.
    static func isWanted(_ name: String, _ fields: [String]?) -> Bool {
        guard let fields else { return true }
        return fields.contains {
            name == $0 || name.hasPrefix($0 + "@") || name.hasPrefix($0 + ":") || name.hasPrefix($0 + ".")
        }
    }
}
