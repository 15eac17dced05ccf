internal import ParleyCore

/// The source's own version of a record: when the source last changed it, by its own word. It is carried as
/// `x.version`, and an import does not step back behind it.
enum ImportVersion {
    static let register = RegisterName(field: Field.columnsTag, key: "version")

    /// A time, or a day, which is its first moment; anything else says nothing about before and after.
    static func read(_ value: Value?) -> Instant? {
        guard let text = value?.text else { return nil }
        if let time = Instant(text) { return time }
        guard let date = CivilDate(text), date.day != nil else { return nil }
        return Instant(milliseconds: Int64(Day(firstOf: date).number) * 86_400_000)
    }
}
