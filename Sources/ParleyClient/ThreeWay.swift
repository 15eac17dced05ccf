package import ParleyCore

/// The rule of an import's three-way merge (the table above `Importer`), for one register.
package enum ThreeWay {
    package enum Verdict: Equatable, Sendable {
        case nothing
        case write
        /// Not written, since it is shown already; the next import must know that the source said it.
        case say
        /// Not written, since people say otherwise.
        case keep
    }

    /// - Parameters:
    ///   - source: what the source says now.
    ///   - base: what it said last time; nil if it never spoke of this register.
    ///   - shown: the value that is shown; nil where the register was never set.
    package static func judge(source: Value, base: Value?, shown: Value?, overwrites: Bool) -> Verdict {
        if source == base { return overwrites && shown != source ? .write : .nothing }
        if source == shown { return .say }
        if shown == nil || shown == base { return source == .null && shown == nil ? .nothing : .write }
        return overwrites ? .write : .keep
    }
}
