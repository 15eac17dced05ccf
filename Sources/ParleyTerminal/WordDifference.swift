/// What stays, goes and comes between two texts.
package enum DifferencePiece: Equatable, Sendable {
    case same(String)
    case old(String)
    case new(String)
}

/// The difference of two texts word by word: the least number of words that go and come (Myers, "An O(ND)
/// Difference Algorithm", 1986), what goes before what comes.
///
/// Bounded: beyond ``mostChanges`` words the part between the common beginning and the common end is one
/// replacement, so two unrelated texts of 64 KiB cost no more than a few milliseconds.
package func wordDifference(from old: String, to new: String) -> [DifferencePiece] {
    var numbers: [[UInt8]: Int] = [:]
    let (olds, news) = (tokens(old), tokens(new))
    func numbered(_ tokens: [Substring]) -> [Int] {
        tokens.map { token in
            // By bytes: two normal forms of one word differ.
            let key = Array(token.utf8)
            let number = numbers[key] ?? numbers.count
            numbers[key] = number
            return number
        }
    }
    let (left, right) = (numbered(olds), numbered(news))
    let head = zip(left, right).prefix { $0 == $1 }.count
    let rest = min(left.count, right.count) - head
    let tail = zip(left.reversed(), right.reversed()).prefix(rest).prefix { $0 == $1 }.count
    let middle = (left.count - tail, right.count - tail)
    var gathering = Gathering()
    gathering.same(olds[..<head])
    let edits = shortestEdits(Array(left[head..<middle.0]), Array(right[head..<middle.1]), mostChanges)
    if let edits {
        for edit in edits {
            switch edit {
            case .keep(let index): gathering.same(olds[(head + index)...(head + index)])
            case .drop(let index): gathering.drop(olds[head + index])
            case .take(let index): gathering.take(news[head + index])
            }
        }
    } else {
        for word in olds[head..<middle.0] { gathering.drop(word) }
        for word in news[head..<middle.1] { gathering.take(word) }
    }
    gathering.same(olds[middle.0...])
    return gathering.finished()
}

/// Words that differ, beyond which no least difference is looked for.
let mostChanges = 1_000

/// Words, runs of spaces, and every other character by itself; so is each ideograph.
private func tokens(_ text: String) -> [Substring] {
    enum Class { case word, space, single }
    func kind(_ character: Character) -> Class {
        if character.unicodeScalars.first?.properties.isIdeographic == true || character.isNewline {
            return .single
        }
        if character.isLetter || character.isNumber { return .word }
        return character.isWhitespace ? .space : .single
    }
    var tokens: [Substring] = []
    var start = text.startIndex
    var previous: Class?
    var index = text.startIndex
    while index < text.endIndex {
        let current = kind(text[index])
        if let previous, current != previous || current == .single {
            tokens.append(text[start..<index])
            start = index
        }
        previous = current
        index = text.index(after: index)
    }
    if start < text.endIndex { tokens.append(text[start...]) }
    return tokens
}

private enum WordEdit {
    /// Indices into the old, the old and the new words.
    case keep(Int)
    case drop(Int)
    case take(Int)
}

/// - Returns: nil where more than `most` words would go and come.
private func shortestEdits(_ old: [Int], _ new: [Int], _ most: Int) -> [WordEdit]? {
    // Furthest old index on each diagonal (old - new), for every number of changes so far.
    var reached = [Int](repeating: 0, count: 2 * most + 3)
    var history: [[Int]] = []
    for changes in 0...min(most, old.count + new.count) {
        history.append(Array(reached[(most + 1 - changes)...(most + 1 + changes)]))
        for diagonal in stride(from: -changes, through: changes, by: 2) {
            let place = diagonal + most + 1
            let isDown =
                diagonal == -changes || (diagonal != changes && reached[place - 1] < reached[place + 1])
            var x = isDown ? reached[place + 1] : reached[place - 1] + 1
            while x < old.count, x - diagonal < new.count, old[x] == new[x - diagonal] { x += 1 }
            reached[place] = x
            if x >= old.count, x - diagonal >= new.count {
                return edits(backFrom: (old.count, new.count), history)
            }
        }
    }
    return nil
}

/// Walks from the end to the start, by what had been reached before each change.
private func edits(backFrom end: (x: Int, y: Int), _ history: [[Int]]) -> [WordEdit] {
    var edits: [WordEdit] = []
    var (x, y) = end
    for changes in stride(from: history.count - 1, through: 1, by: -1) {
        let before = history[changes]
        let diagonal = x - y
        func reached(_ diagonal: Int) -> Int { before[diagonal + changes] }
        let isDown =
            diagonal == -changes
            || (diagonal != changes && reached(diagonal - 1) < reached(diagonal + 1))
        let (startX, startDiagonal) =
            isDown ? (reached(diagonal + 1), diagonal + 1) : (reached(diagonal - 1), diagonal - 1)
        let startY = startX - startDiagonal
        while x > startX + (isDown ? 0 : 1) {
            (x, y) = (x - 1, y - 1)
            edits.append(.keep(x))
        }
        edits.append(isDown ? .take(startY) : .drop(startX))
        (x, y) = (startX, startY)
    }
    while x > 0 {
        x -= 1
        edits.append(.keep(x))
    }
    return edits.reversed()
}

/// Puts neighbours together: a single space between two changes belongs to both.
private struct Gathering {
    private var old = ""
    private var new = ""
    private var pieces: [DifferencePiece] = []
    private var pending = ""

    mutating func same(_ words: ArraySlice<Substring>) {
        for word in words {
            if hasChange, pending.isEmpty, word == " " {
                pending = " "
            } else {
                close()
                append(word)
            }
        }
    }

    mutating func drop(_ word: Substring) {
        join()
        old += word
    }

    mutating func take(_ word: Substring) {
        join()
        new += word
    }

    private mutating func join() {
        old += pending
        new += pending
        pending = ""
    }

    private var hasChange: Bool { !old.isEmpty || !new.isEmpty }

    private mutating func append(_ word: Substring) {
        if case .same(let text) = pieces.last {
            pieces[pieces.count - 1] = .same(text + word)
        } else {
            pieces.append(.same(String(word)))
        }
    }

    private mutating func close() {
        if !old.isEmpty { pieces.append(.old(old)) }
        if !new.isEmpty { pieces.append(.new(new)) }
        (old, new) = ("", "")
        if !pending.isEmpty { append(pending[...]) }
        pending = ""
    }

    mutating func finished() -> [DifferencePiece] {
        close()
        return pieces
    }
}
