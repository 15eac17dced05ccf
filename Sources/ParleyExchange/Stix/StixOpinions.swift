import ParleyCore

/// The stances of a judgment as opinions. They are made anew by each export: the extension marks them so.
struct StixOpinions {
    let image: RecordImage
    let judgment: StixID
    let members: [String: JSONTree]
    let names: StixNames

    var objects: [(StixID, [String: JSONTree])] {
        guard let kind = Schema.assessments[tag: image.name.kind], kind.name == "judgment",
            let stance = kind[name: "stance"]
        else { return [] }
        return image.registers(of: stance.tag).compactMap { register in
            guard let analyst = register.name.key, stance.type.accepts(register.value),
                image.value(of: StixOwn.marker(of: analyst)) == nil,
                let value = register.value.list?.first?.text
            else { return nil }
            let why = register.value.list.flatMap { $0.count > 1 ? $0[1].text : nil }
            return (id(analyst), opinion(analyst, value, why))
        }
    }

    private func id(_ analyst: String) -> StixID {
        StixID(
            type: "opinion",
            names.uuid(image.name.id.number.bigEndianBytes, Array("stance".utf8), Array(analyst.utf8)))
    }

    private func opinion(_ analyst: String, _ value: String, _ why: String?) -> [String: JSONTree] {
        let shared = ["spec_version", "created", "modified", "object_marking_refs", "revoked"]
        var opinion = members.filter { shared.contains($0.key) }
        opinion["authors"] = .texts([analyst.hasPrefix("~") ? String(analyst.dropFirst()) : analyst])
        opinion["opinion"] = .text(value)
        opinion["object_refs"] = .texts([judgment.text])
        if let why, !why.isEmpty { opinion["explanation"] = .text(why) }
        opinion["extensions"] = StixExtension.adding(StixExtension.derived(from: image.name.id), to: nil)
        return opinion
    }
}
