import ParleyCore
import ParleyTerminal

/// Two values as one text: `[-three-]{+four+}`, coloured where there are colours. The texts may come from
/// others and are made visible here.
struct DifferenceText {
    let colour: Colour
    let speech: ValueSpeech

    init(_ naming: Naming, _ colour: Colour) {
        self.colour = colour
        speech = ValueSpeech(naming: naming)
    }

    func text(
        from old: Value, to new: Value, of register: RegisterName, in record: RecordName
    ) -> String {
        let old = speech.text(old, of: register, in: record)
        let new = speech.text(new, of: register, in: record)
        let isText = [.text, .line].contains(record.schema[tag: register.field]?.type ?? .any)
        let pieces = isText ? wordDifference(from: old, to: new) : Self.whole(old, new)
        return pieces.map(mark).joined()
    }

    private static func whole(_ old: String, _ new: String) -> [DifferencePiece] {
        if old == new { return [.same(old)] }
        return [.old(old), .new(new)].filter { $0 != .old("") && $0 != .new("") }
    }

    private func mark(_ piece: DifferencePiece) -> String {
        switch piece {
        case .same(let text): visibleBlock(text)
        case .old(let text): painted("[-" + visibleBlock(text) + "-]", .failure)
        case .new(let text): painted("{+" + visibleBlock(text) + "+}", .good)
        }
    }

    /// Line by line, so that a cut or a pager never leaves a colour on.
    private func painted(_ text: String, _ style: Style) -> String {
        text.split(separator: "\n", omittingEmptySubsequences: false)
            .map { colour.paint(String($0), style) }.joined(separator: "\n")
    }
}
