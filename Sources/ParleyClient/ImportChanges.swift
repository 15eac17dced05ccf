internal import Foundation
internal import ParleyCore
internal import ParleyStore
internal import Synchronization

/// Makes the changesets of an import's parts, in their order, on a thread of its own: a part is sorted and encoded
/// while the next one is compared with the workspace, and all of them are packed, sealed and hashed while they
/// are merged.
final class ImportChanges: Sendable {
    /// A changeset of which all is there but its bytes.
    private struct Draft: Sendable {
        var header: ChangesetHeader
        var body: ChangesetBody
    }

    private struct State: Sendable {
        var author: Result<Author, any Error>
        /// That the batch has.
        var parts: Int64
        var unsealed: [Draft] = []
    }

    /// One after the other.
    private let queue = DispatchQueue(label: "import changes")
    private let state: Mutex<State>
    private let bodies = Belt<Draft>()
    private let entries = Belt<LogEntry>()

    /// - Parameters:
    ///   - author: or why there is none, which matters once there is something to write.
    ///   - parts: that the batch has so far.
    init(by author: Result<Author, any Error>, after parts: Int64) {
        state = Mutex(State(author: author, parts: parts))
    }

    /// - Parameter act: all of it except the part's number.
    func add(_ part: CollectedWrites.Part, under act: Act) {
        queue.async { [self] in
            do { try state.withLock { try encode(part, act, &$0) } } catch { bodies.end(.failure(error)) }
        }
    }

    private func encode(_ part: CollectedWrites.Part, _ act: Act, _ state: inout State) throws {
        var (act, author) = (act, try state.author.get())
        act[.part] = .int(state.parts + 1)
        let parts = try ChangesetBody.parts(
            of: act, records: part.written.inOrder, said: part.said.inOrder)
        state.parts += Int64(parts.count)
        for body in parts {
            let draft = Draft(header: author.nextHeader(), body: body)
            state.unsealed.append(draft)
            try bodies.put(draft)
        }
        state.author = .success(author)
    }

    /// Lets go of what is not needed any more, which takes its time too.
    func discard(_ rest: consuming some Sendable) {
        queue.async { [rest] in _ = rest }
    }

    /// That was the last part.
    func seal() {
        queue.async { [self] in
            bodies.end()
            entries.end(Result { try state.withLock { try seal(&$0) } })
        }
    }

    private func seal(_ state: inout State) throws {
        if state.unsealed.isEmpty { return }
        var author = try state.author.get()
        for draft in state.unsealed { try entries.put(author.entry(draft.header, draft.body)) }
        state.unsealed = []
    }

    /// Stores them, each complete in itself, in one transaction: bulk work pays once for what a transaction costs,
    /// and a kill leaves all of them or none.
    /// - Throws: besides what the store says, where a part cannot be a body, or a value is too large for any.
    func store(in tx: WriteTransaction) throws -> [ChangeID] {
        guard var draft = try bodies.next() else { return [] }
        var appending = try tx.appending()
        var headers: [ChangesetHeader] = []
        while true {
            try appending.announce(draft.header, draft.body)
            headers.append(draft.header)
            guard let next = try bodies.next() else { break }
            draft = next
        }
        try appending.merge()
        while let entry = try entries.next() { try appending.append(entry) }
        try appending.finish()
        try tx.log.noteStatement(namedBy: headers)
        return headers.map(\.change)
    }
}
