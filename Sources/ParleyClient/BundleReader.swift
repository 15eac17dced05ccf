package import ParleyCore
package import ParleyProtocol
internal import ParleyStore
package import ParleyTrust

/// Why a bundle was not taken. Nothing of it was.
package enum BundleError: Error, Equatable, Sendable {
    case notABundle
    /// A newer version of Parley has written it.
    case tooNew
    /// It ends before its end.
    case truncated
    case damaged(ProtocolError)
    case otherWorkspace
    /// What the bundle rests on and this replica lacks: of each chain the last number that is wanted.
    case missing([ChangeID])
    /// This replica holds another changeset of that name.
    case fork(ChangeID)
    case refused(ChainFault)
}

/// Takes a bundle apart into its frames, in pieces of any size, and checks their order.
package struct BundleReader {
    private var frames = FrameReader(limit: Limits.frame)
    private(set) var preface: BundlePreface?
    private var hasBase = false
    private var isComplete = false

    package init() {}

    /// What a bundle says, one message after the other, as the pieces come.
    package mutating func take(_ piece: ArraySlice<UInt8>) throws(BundleError) -> [Message] {
        frames.append(piece)
        try expectBundle(piece)
        var messages: [Message] = []
        while let frame = try next() {
            guard !isComplete else { throw .damaged(Self.trailing) }
            if preface == nil {
                preface = try Self.preface(frame)
            } else if let message = try message(frame) {
                messages.append(message)
            }
        }
        return messages
    }

    package func finish() throws(BundleError) {
        guard preface != nil else { throw .notABundle }
        guard isComplete else { throw .truncated }
        guard frames.partial == 0 else { throw .damaged(Self.trailing) }
    }

    private mutating func message(_ frame: Frame) throws(BundleError) -> Message? {
        do throws(ProtocolError) {
            let message = try Message(decoding: frame)
            switch message {
            case .frontier where !hasBase:
                hasBase = true
                return message
            case .statements where hasBase, .changesets where hasBase: return message
            case .caughtUp where hasBase: isComplete = true
            case .unknown(let kind) where kind > 127: break
            default: throw ProtocolError(.malformed, "a message that has no place in a bundle")
            }
        } catch { throw .damaged(error) }
        return nil
    }

    private mutating func next() throws(BundleError) -> Frame? {
        do throws(ProtocolError) { return try frames.next() } catch {
            // Any other file begins with something that is no length.
            throw preface == nil ? .notABundle : .damaged(error)
        }
    }

    /// A file of another kind is named as such, however its first bytes would read as a length.
    private func expectBundle(_ piece: ArraySlice<UInt8>) throws(BundleError) {
        guard preface == nil, frames.partial == piece.count, piece.count > 4 else { return }
        guard piece[piece.startIndex + 4] == BundlePreface.kind else { throw .notABundle }
    }

    private static func preface(_ frame: Frame) throws(BundleError) -> BundlePreface {
        do throws(BundlePreface.Fault) { return try BundlePreface(decoding: frame) } catch {
            switch error {
            case .notABundle: throw .notABundle
            case .tooNew: throw .tooNew
            case .malformed(let fault): throw .damaged(ProtocolError(fault, in: "preface"))
            }
        }
    }

    private static let trailing = ProtocolError(.malformed, "something follows its end")

    /// What somebody holds who has taken this bundle.
    package static func frontier(_ forEachPiece: ((ArraySlice<UInt8>) throws -> Void) throws -> Void) throws
        -> Frontier
    {
        var reader = BundleReader()
        var frontier = Frontier()
        try forEachPiece { piece in
            for message in try reader.take(piece) { frontier.merge(try reach(of: message)) }
        }
        try reader.finish()
        return frontier
    }

    private static func reach(of message: Message) throws(BundleError) -> Frontier {
        do throws(MalformedBytes) {
            switch message {
            case .frontier(let entries): return Frontier(covering: entries.map(\.change))
            case .changesets(let run):
                let changes = try run.changesets.map { bytes throws(MalformedBytes) in
                    try ChangesetHeader.decode(bytes).header.change
                }
                return Frontier(covering: changes)
            default: return Frontier()
            }
        } catch { throw .damaged(ProtocolError(error, in: "changeset")) }
    }
}
