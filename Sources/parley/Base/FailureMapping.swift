import ArgumentParser
import Foundation
import ParleyClient
import ParleyCore
import ParleyProtocol
import ParleyServer
import ParleyStore
import ParleyTerminal
import ParleyTransport
import ParleyTrust

/// Every error of the modules as a sentence, a number and a next step.
extension CommandFailure {
    init(describing error: any Error) {
        switch error {
        case let failure as CommandFailure: self = failure
        case let error as ClientError: self.init(error)
        case let error as StoreError: self.init(error)
        case let error as TrustError: self.init(error)
        case let error as BundleError: self.init(error)
        case let error as ProtocolError: self.init(error)
        case let error as TransportError: self.init(error)
        case let error as ServerError: self.init(error)
        case let error as SinkError: self.init(error)
        case let fault as ValueFault:
            self.init(.failed, "value", "\"\(fault.given)\" is not allowed: it takes \(fault.allowed).")
        case let fault as FieldFault: self.init(fault, kind: nil)
        case let fault as MalformedBytes:
            self.init(
                .store, "damaged", "The \(fault.what) at byte \(fault.offset) is damaged: \(fault.reason).",
                hint: "look: parley doctor --verify")
        case is ValidationError: self.init(.usage, "usage", Parley.message(for: error))
        default:
            self.init(
                .defect, "defect", "Parley has a defect: \(error)", hint: "for a report: parley doctor")
        }
    }

    private init(_ error: StoreError) {
        switch error.code {
        case .busy:
            self.init(
                .store, "busy", "Another program holds \(error.path): \(error.cause).",
                hint: "try again when it has finished")
        case .diskFull:
            self.init(
                .store, "disk-full", "The disk is full; nothing of this was written to \(error.path).",
                hint: "make room and try again")
        case .damaged, .inconsistent:
            self.init(
                .store, "damaged", "The file \(error.path) is damaged: \(error.cause).",
                hint: "look: parley doctor --verify    mend: parley doctor --rebuild")
        case .cannotOpen, .readOnly:
            self.init(
                .store, error.code.rawValue, "The file \(error.path) cannot be written: \(error.cause).")
        case .tooNew:
            self.init(
                .store, "too-new", "The file \(error.path) was written by a newer version of Parley.",
                hint: "bring this one up to date: parley version")
        case .failed:
            self.init(
                .store, "store", "The file \(error.path) could not be used: \(error.cause).",
                hint: "look whether it is whole: parley doctor --verify    then try again")
        }
    }

    private init(_ error: TrustError) {
        switch error.code {
        case .badHandle, .badName, .badTime, .inviteTooNew:
            self.init(.failed, "\(error.code)", "\(error).")
        case .inviteScheme, .inviteHost, .invitePort, .inviteDamaged:
            self.init(
                .failed, "\(error.code)", "\(error).",
                hint: "an invite is one long line: ask whoever sent it for all of it, or for another")
        case .identityExposed:
            self.init(.failed, "\(error.code)", "\(error).", hint: "chmod 600 \(error.place)")
        case .identityMissing:
            self.init(
                .failed, "\(error.code)", "\(error).",
                hint:
                    "restore the folder from a backup: parley sync brings the rest; or join again with a new invite"
            )
        case .wrongInvite, .badPossession, .badSignature, .tooManyStatements:
            self.init(.notPermitted, "\(error.code)", "\(error).")
        default:
            self.init(.failed, "\(error.code)", "\(error).")
        }
    }

    private init(_ error: ProtocolError) {
        let said = (error.isRemote ? "The server says: " : "The connection has ended: ") + error.text
        switch error.code {
        case .forbidden:
            self.init(
                .notPermitted, "\(error.code)", said,
                hint:
                    "if the server has lost its data: another member syncs first, or an admin runs parley publish INVITE"
            )
        case .invite:
            self.init(
                .notPermitted, "\(error.code)", said,
                hint: "ask whoever sent it for another: parley invite --for HANDLE")
        case .revoked:
            self.init(
                .notPermitted, "\(error.code)", said,
                hint: "what you wrote stays on this machine and can be taken out: parley export")
        case .timeout, .busy:
            self.init(
                .unreachable, "\(error.code)", said, hint: "local work is intact; try again: parley sync")
        case .storage: self.init(error.isRemote ? .unreachable : .store, "storage", said)
        case .malformed where !error.isRemote:
            self.init(
                .failed, "\(error.code)", said,
                hint:
                    "your work is intact; if it goes on, ask whoever runs the server, and exchange by files: parley bundle"
            )
        case .malformed, .version, .limit, .fork, .defect, .unknown:
            self.init(.failed, "\(error.code)", said)
        }
    }

    private init(_ error: TransportError) {
        let hint = "local work is intact; try again: parley sync"
        switch error.code {
        case .refused, .unreachable, .timedOut, .reset, .brokenPipe, .unknownHost, .closed:
            self.init(.unreachable, "\(error.code)", "The server cannot be reached: \(error).", hint: hint)
        case .notSecure:
            self.init(
                .failed, "\(error.code)", "The connection failed: \(error).",
                hint: "is a parley server of this version at that address?")
        case .forged:
            self.init(.failed, "\(error.code)", "The connection was disturbed: \(error).", hint: hint)
        default:
            self.init(.failed, "\(error.code)", "The connection failed: \(error).")
        }
    }

    static let serverKey = "server-key"

    /// The hard stop: nothing of the workspace has been said to whoever answered.
    init(serverAt place: String, isNot pinned: KeyFingerprint) {
        self.init(
            .notPermitted, Self.serverKey,
            "What answers at \(place) does not hold the key of this workspace's server, \(pinned). Nothing was sent.",
            hint:
                "somebody stands in between, or the key has changed: ask the operator what `parley serve` prints; "
                + "then take the new key from a new invite: parley sync --server INVITE")
    }

    private init(_ error: SinkError) {
        switch error {
        case .closed: self.init(.done, "closed", "The reader has closed the pipe.")
        case .failed(ENOSPC): self.init(.store, "disk-full", "The disk is full; the output is not complete.")
        case .failed(let number):
            self.init(.failed, "io", "Reading or writing failed: \(String(cString: strerror(number))).")
        }
    }
}
