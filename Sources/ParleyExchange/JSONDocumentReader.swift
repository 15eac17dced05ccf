package import ParleyCore

/// Reads a JSON document that holds an array of elements, such as
///
///     {"question_set":"2026-08-16","questions":[{"id":"a1",..},{"id":"a2",..}]}
///
/// Each element is handed on as soon as it ends. Bytes go in as they come; nothing is kept but one unfinished
/// element and the few members that were asked for, so a document may be of any size.
///
/// An element that is no JSON is a fault of its own and reading goes on behind it; where the document around
/// the elements is broken, nothing behind that place can be read.
package struct JSONDocumentReader {
    /// Where the elements stand.
    package enum Place: Equatable, Sendable {
        /// The document is the one element.
        case document
        /// The elements of the array that these names lead to; none: the document is the array.
        case array([String])

        var path: [String] {
            if case .array(let path) = self { path } else { [] }
        }
    }

    package struct Element: Equatable, Sendable {
        package var tree: JSONTree
        /// The first element is 1.
        package var number: Int
        package var line: Int
        package var column: Int
        /// Its bytes on one line, so that it can be mended and read as JSON Lines.
        package var raw: [UInt8]
    }

    package typealias Sink = (Result<Element, DraftFault>) -> Void

    /// Bytes of one element at most.
    package static let longestElement = 4 * 1024 * 1024
    /// Bytes of a member beside the elements that is asked for.
    package static let longestMember = 64 * 1024
    private static let longestJudged = 4096

    private enum State {
        case start, value, firstName, name, colon, memberValue, afterMember
        case firstElement, element, afterElement, end
    }

    private enum Piece { case name, member(isWanted: Bool), element }

    private let place: Place
    private let wanted: [[String]]
    private var state = State.start
    private var span: JSONSpan?
    private var piece = Piece.name
    private var kept: [UInt8] = []
    private var isTooLong = false
    /// Where the piece began, and where reading has come to.
    private var start = TextPlace()
    private var here = TextPlace()
    /// Objects that are open around the elements, and the member that is read in the innermost.
    private var open = 0
    private var member = ""
    /// The first names in each object on the way, from the outermost.
    private var names: [[String]] = []
    private var count = 0
    private var isFound = false
    private var captured: [[String]: JSONTree] = [:]

    /// - Parameter capturing: paths of members that stand before the elements and are wanted too.
    package init(_ place: Place, capturing wanted: [[String]] = []) {
        self.place = place
        self.wanted = wanted.filter { !$0.isEmpty }
    }

    /// A member that was asked for, once it has been read.
    package subscript(captured path: [String]) -> JSONTree? { captured[path] }

    /// - Throws: where the document cannot be read any further.
    package mutating func feed(_ chunk: ArraySlice<UInt8>, into sink: Sink) throws(DraftFault) {
        try chunk.withUnsafeBufferPointer { bytes throws(DraftFault) in
            var index = 0
            while index < bytes.count {
                index = try span == nil ? step(bytes, at: index) : follow(bytes, from: index, sink)
            }
        }
    }

    package mutating func finish(into sink: Sink) throws(DraftFault) {
        if let span {
            guard span.mayEndHere, case .element = piece, open == 0, case .document = place else {
                throw fault("the file is cut off: what begins here does not end", at: start)
            }
            try complete(sink)
        }
        switch state {
        case .start: throw fault("the file is empty")
        case .end: if !isFound { throw fault(nothingThere, at: TextPlace()) }
        case .firstElement, .element, .afterElement:
            throw fault("the file is cut off behind element \(count) of \(target)")
        default: throw fault("the file is cut off")
        }
    }

    // MARK: Around the elements

    /// - Returns: the index of the next byte to read.
    private mutating func step(
        _ bytes: UnsafeBufferPointer<UInt8>, at index: Int
    ) throws(DraftFault) -> Int {
        let byte = bytes[index]
        let isSpace = byte == 0x20 || byte == 0x0A || byte == 0x0D || byte == 0x09
        if state == .start { return try begin(byte, index, isSpace) }
        let isTaken = isSpace ? true : try take(byte)
        if isTaken {
            here.pass(byte)
            return index + 1
        }
        if span != nil { start = here }
        return index
    }

    private mutating func begin(_ byte: UInt8, _ index: Int, _ isSpace: Bool) throws(DraftFault) -> Int {
        let mark: [UInt8] = [0xEF, 0xBB, 0xBF]
        if here.isAtStart, kept.count < 3, byte == mark[kept.count] {
            kept.append(byte)
            return index + 1
        }
        guard kept.isEmpty || kept.count == 3 else { throw fault("this is not JSON") }
        if byte == 0xFF || byte == 0xFE { throw fault(Self.isUTF16) }
        kept = []
        if isSpace {
            here.pass(byte)
            return index + 1
        }
        state = .value
        return index
    }

    static let isUTF16 = "this is not UTF-8 but looks like UTF-16: iconv -f UTF-16 -t UTF-8 FILE converts it"

    /// - Returns: whether the byte is done with; otherwise a piece begins with it, or another state takes it.
    private mutating func take(_ byte: UInt8) throws(DraftFault) -> Bool {
        if byte == 0 { throw fault(Self.isUTF16) }
        switch state {
        case .value: return try takeValue(byte)
        case .firstName, .name: return try takeName(byte)
        case .colon:
            try expect(byte, ":", "after a name")
            state = .memberValue
        case .memberValue: return try takeMemberValue(byte)
        case .afterMember where byte == UInt8(ascii: "}"): closeObject()
        case .afterMember:
            try expect(byte, ",", "or '}' after a member")
            state = .name
        case .firstElement where byte == UInt8(ascii: "]"), .afterElement where byte == UInt8(ascii: "]"):
            isFound = true
            state = open == 0 ? .end : .afterMember
        case .firstElement, .element: return try beginPiece(.element, byte)
        case .afterElement:
            try expect(byte, ",", "or ']' after element \(count)")
            state = .element
        case .start, .end: throw fault("something follows the end of the document")
        }
        return true
    }

    private mutating func takeValue(_ byte: UInt8) throws(DraftFault) -> Bool {
        if case .document = place { return try beginPiece(.element, byte) }
        if open == place.path.count {
            guard byte == UInt8(ascii: "[") else {
                throw fault("\(target) is not an array but \(Self.type(of: byte))")
            }
            state = .firstElement
        } else {
            guard byte == UInt8(ascii: "{") else {
                let outer = open == 0 ? "the document" : "\"\(place.path[..<open].joined(separator: "."))\""
                throw fault("\(outer) is not an object but \(Self.type(of: byte)), so it has no \(target)")
            }
            open += 1
            if names.count < open { names.append([]) }
            state = .firstName
        }
        return true
    }

    private mutating func takeName(_ byte: UInt8) throws(DraftFault) -> Bool {
        if state == .firstName, byte == UInt8(ascii: "}") {
            closeObject()
            return true
        }
        guard byte == UInt8(ascii: "\"") else { throw fault("expected a name in quotes") }
        return try beginPiece(.name, byte)
    }

    private mutating func takeMemberValue(_ byte: UInt8) throws(DraftFault) -> Bool {
        if member.utf8.elementsEqual(place.path[open - 1].utf8) {
            if isFound { throw fault("\"\(member)\" stands twice") }
            state = .value
            return false
        }
        let path = place.path[..<(open - 1)] + [member]
        return try beginPiece(.member(isWanted: wanted.contains { $0.starts(with: path) }), byte)
    }

    private mutating func closeObject() {
        open -= 1
        state = open == 0 ? .end : .afterMember
    }

    private func expect(_ byte: UInt8, _ wanted: Unicode.Scalar, _ place: String) throws(DraftFault) {
        guard byte == UInt8(ascii: wanted) else { throw fault("expected '\(wanted)' \(place)") }
    }

    // MARK: Pieces

    private mutating func beginPiece(_ piece: Piece, _ byte: UInt8) throws(DraftFault) -> Bool {
        guard ![UInt8(ascii: ","), UInt8(ascii: "]"), UInt8(ascii: "}"), UInt8(ascii: ":")].contains(byte)
        else { throw fault("expected a value") }
        self.piece = piece
        span = JSONSpan()
        isTooLong = false
        kept.removeAll(keepingCapacity: true)
        return false
    }

    private mutating func follow(
        _ bytes: UnsafeBufferPointer<UInt8>, from index: Int, _ sink: Sink
    ) throws(DraftFault) -> Int {
        switch span?.follow(bytes, from: index) {
        case .ends(let end)?:
            keep(bytes[index..<end])
            try complete(sink)
            return end
        case .fault(let at, let reason)?:
            here.pass(bytes[index..<at])
            throw fault(reason)
        default:
            keep(bytes[index...])
            return bytes.count
        }
    }

    private mutating func keep(_ bytes: Slice<UnsafeBufferPointer<UInt8>>) {
        here.pass(bytes)
        if kept.count + bytes.count > longest { isTooLong = true }
        let room = isTooLong ? max(0, Self.longestJudged - kept.count) : bytes.count
        kept.append(contentsOf: bytes.prefix(room))
        if isTooLong { kept.removeLast(max(0, kept.count - Self.longestJudged)) }
    }

    private var longest: Int {
        switch piece {
        case .element: Self.longestElement
        case .member(isWanted: true): Self.longestMember
        case .name, .member(isWanted: false): Self.longestJudged
        }
    }

    private mutating func complete(_ sink: Sink) throws(DraftFault) {
        span = nil
        switch piece {
        case .name:
            member = isTooLong ? "" : try tree().text ?? ""
            if names[open - 1].count < 12 { names[open - 1].append(member) }
            state = .colon
        case .member(let isWanted):
            state = .afterMember
            if isWanted { try capture() } else if !isTooLong { _ = try tree() }
        case .element:
            count += 1
            if case .document = place { (isFound, state) = (true, .end) } else { state = .afterElement }
            sink(element())
        }
    }

    private mutating func capture() throws(DraftFault) {
        guard !isTooLong else {
            throw fault("\"\(member)\" is larger than \(Self.longestMember / 1024) KiB", at: start)
        }
        let tree = try tree()
        let path = Array(place.path[..<(open - 1)]) + [member]
        for wanted in wanted where wanted.starts(with: path) {
            captured[wanted] = wanted.dropFirst(path.count).reduce(tree) { $0?[$1] }
        }
    }

    private func element() -> Result<Element, DraftFault> {
        guard !isTooLong else {
            let reason = "element \(count) is larger than \(Self.longestElement / 1_048_576) MiB"
            return .failure(fault(reason, at: start))
        }
        do throws(DraftFault) {
            let tree = try tree()
            return .success(
                Element(tree: tree, number: count, line: start.line, column: start.column, raw: onOneLine))
        } catch {
            return .failure(
                DraftFault(line: error.line, column: error.column, reason: error.reason, raw: onOneLine))
        }
    }

    /// Line breaks stand only between the tokens of JSON.
    private var onOneLine: [UInt8] { kept.map { $0 == 0x0A || $0 == 0x0D ? 0x20 : $0 } }

    /// What was kept, with faults placed in the document.
    private func tree() throws(DraftFault) -> JSONTree {
        do {
            return try JSONTree(parsing: kept)
        } catch {
            let column = error.line == 1 ? start.column + error.column - 1 : error.column
            throw DraftFault(line: start.line + error.line - 1, column: column, reason: error.reason)
        }
    }

    // MARK: Sentences

    private func fault(_ reason: String, at place: TextPlace? = nil) -> DraftFault {
        let place = place ?? here
        return DraftFault(line: place.line, column: place.column, reason: reason)
    }

    private var target: String {
        place.path.isEmpty ? "the document" : "\"\(place.path.joined(separator: "."))\""
    }

    private var nothingThere: String {
        let innermost = names.last ?? []
        let shown = innermost.isEmpty ? "no member" : innermost.joined(separator: ", ")
        let path = place.path.prefix(max(0, names.count - 1)).joined(separator: ".")
        return "there is no \(target): \(path.isEmpty ? "the document" : "\"\(path)\"") has \(shown)"
    }

    private static func type(of byte: UInt8) -> String {
        switch byte {
        case UInt8(ascii: "{"): "an object"
        case UInt8(ascii: "["): "an array"
        case UInt8(ascii: "\""): "a string"
        case UInt8(ascii: "t"), UInt8(ascii: "f"): "true or false"
        case UInt8(ascii: "n"): "null"
        case UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"): "a number"
        default: "something that is no JSON"
        }
    }
}

/// A place in a text of lines; columns count characters from 1.
struct TextPlace: Equatable {
    var line = 1
    var column = 1

    var isAtStart: Bool { line == 1 && column == 1 }

    mutating func pass(_ byte: UInt8) {
        if byte == 0x0A {
            (line, column) = (line + 1, 1)
        } else if byte & 0xC0 != 0x80 {
            column += 1
        }
    }

    mutating func pass(_ bytes: Slice<UnsafeBufferPointer<UInt8>>) {
        for byte in bytes { pass(byte) }
    }
}
