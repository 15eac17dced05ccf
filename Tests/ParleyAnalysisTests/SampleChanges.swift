import ParleyCore

@testable import ParleyAnalysis

extension Sample {
    /// Sets fields of a record, or clears them.
    mutating func set(_ number: Int, _ fields: [String: String?]) {
        guard let place = images.firstIndex(where: { $0.name.id == Self.id(number) }),
            let kind = Schema.assessments[tag: images[place].name.kind]
        else { return }
        let names = fields.keys.compactMap { try? kind.register(named: $0) }
        var other = Sample()
        other.add(kind.name, number, fields.compactMapValues { $0 })
        let kept = images[place].registers.filter { !names.contains($0.name) }
        images[place].registers = (kept + other.images[0].registers).sorted { $0.name < $1.name }
    }

    mutating func drop(_ number: Int) {
        set(number, ["deleted": "yes"])
    }

    mutating func unlink(_ from: Int, _ relation: String, _ to: Int) {
        if let link = place(from, relation, to) { set(Int(images[link].name.id.number), ["deleted": "yes"]) }
    }

    mutating func rate(_ evidence: Int, _ hypothesis: Int, _ analyst: String, _ rating: String) {
        if let link = place(evidence, "bears_on", hypothesis) {
            set(Int(images[link].name.id.number), ["rating@\(analyst)": rating])
        }
    }

    private func place(_ from: Int, _ relation: String, _ to: Int) -> Int? {
        let wanted = dossier.links(from: Self.id(from), relation).first { $0.to == Self.id(to) }
        return images.firstIndex { $0.name.id == wanted?.id }
    }
}
