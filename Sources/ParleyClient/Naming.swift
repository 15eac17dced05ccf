package import ParleyCore
package import ParleyStore

extension RecordName {
    /// The kind's letter and the first `digits` characters of the id: `J-88PD`. Records of kinds that this
    /// version does not know have no letter.
    package func shortAddress(_ digits: Int) -> String {
        let letter = Schema.assessments[tag: kind].map { "\($0.letter)-" } ?? ""
        return letter + String(id.text.prefix(digits))
    }

    /// The address that stays good whatever else is written.
    package var fullAddress: String { shortAddress(26) }
}

extension ReadTransaction {
    /// The shortest address that no other record of the kind shares, of at least four characters.
    package func address(of record: RecordName) throws -> String {
        for digits in stride(from: 4, through: 26, by: 2) {
            let found = try find(prefix: String(record.id.text.prefix(digits)), kind: record.kind, limit: 2)
            if found.count < 2 { return record.shortAddress(digits) }
        }
        return record.fullAddress
    }
}
