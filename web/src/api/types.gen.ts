// Made by `npm run types` from the server's OpenAPI document; do not edit.

export type paths = Record<string, never>;
export type webhooks = Record<string, never>;
export interface components {
    schemas: {
        /**
         * AcceptIn
         * @description The work on this image is done.
         */
        AcceptIn: {
            /** Round */
            round: number;
            /**
             * Choice
             * @default recommended
             */
            choice: ("recommended" | "edited") | number;
            /**
             * Page
             * @default 0
             */
            page: number;
            edited?: components["schemas"]["Rle"] | null;
            /**
             * @description discriminator enum property added by openapi-typescript
             * @enum {string}
             */
            kind: "accept";
        };
        /**
         * Acceptance
         * @description What is accepted.
         */
        Acceptance: {
            /** Round */
            round: number;
            /**
             * Choice
             * @default recommended
             */
            choice: ("recommended" | "edited") | number;
            /**
             * Page
             * @default 0
             */
            page: number;
            edited?: components["schemas"]["Rle"] | null;
        };
        /**
         * Alternative
         * @description How an alternative differs from the recommendation on one slice.
         */
        Alternative: {
            /** Index */
            index: number;
            /** Tag */
            tag: string;
            /** Slice */
            slice: number;
            crop: components["schemas"]["Crop"];
            added: components["schemas"]["Rle"];
            removed: components["schemas"]["Rle"];
            /** Voxels */
            voxels: number;
            /** Predicted Dice */
            predicted_dice: number;
            /** Dice */
            dice: number;
        };
        /**
         * AuditEvent
         * @description Who accepted, reopened or brought which mask of an image, and how that mask was made.
         *
         *     ``blob`` is the SHA-256 digest of the mask as it is stored; predicted Dice, threshold and risk
         *     are told of masks that were accepted by rule.
         */
        AuditEvent: {
            /** Method */
            method: string;
            /** Weights Digest */
            weights_digest: string;
            /** Settings Digest */
            settings_digest: string;
            /** Predicted Dice */
            predicted_dice: number | null;
            /** Threshold */
            threshold: number | null;
            /** Risk */
            risk: number | null;
            /**
             * At
             * Format: date-time
             */
            at: string;
            /**
             * Event
             * @enum {string}
             */
            event: "accepted" | "accepted by rule" | "reopened" | "added";
            /** Person */
            person: string;
            /** Target */
            target: string;
            /** Session */
            session: number | null;
            /** Blob */
            blob: string;
        };
        /**
         * BoxIn
         * @description A box; ``high_zyx`` is the first index beyond.
         */
        BoxIn: {
            /**
             * @description discriminator enum property added by openapi-typescript
             * @enum {string}
             */
            kind: "box";
            /** Low Zyx */
            low_zyx: [
                number,
                number,
                number
            ];
            /** High Zyx */
            high_zyx: [
                number,
                number,
                number
            ];
        };
        /**
         * ClickIn
         * @description One voxel inside or outside.
         */
        ClickIn: {
            /**
             * @description discriminator enum property added by openapi-typescript
             * @enum {string}
             */
            kind: "click";
            /** At Zyx */
            at_zyx: [
                number,
                number,
                number
            ];
            /**
             * Positive
             * @default true
             */
            positive: boolean;
        };
        /**
         * ContextEntry
         * @description A finished image that informs the next ones.
         */
        ContextEntry: {
            /** Id */
            id: number;
            image: components["schemas"]["Image"];
            /** Target */
            target: string;
        };
        /**
         * CorrectIn
         * @description New prompts, and earlier ones taken back.
         */
        CorrectIn: {
            /**
             * @description discriminator enum property added by openapi-typescript
             * @enum {string}
             */
            kind: "correct";
            /** Round */
            round: number;
            /**
             * Prompts
             * @default []
             */
            prompts: (components["schemas"]["ClickIn"] | components["schemas"]["ScribbleIn"] | components["schemas"]["BoxIn"])[];
            /**
             * Removed
             * @default []
             */
            removed: number[];
        };
        /**
         * Counts
         * @description Tasks by state.
         */
        Counts: {
            /**
             * Open
             * @default 0
             */
            open: number;
            /**
             * Accepted
             * @default 0
             */
            accepted: number;
            /**
             * Skipped
             * @default 0
             */
            skipped: number;
        };
        /**
         * Crop
         * @description A part of a slice.
         */
        Crop: {
            /** Y */
            y: number;
            /** X */
            x: number;
            /** Height */
            height: number;
            /** Width */
            width: number;
        };
        /**
         * Effort
         * @description What one finished image took.
         */
        Effort: {
            /** Task */
            task: number;
            /** Image */
            image: number;
            /** Name */
            name: string;
            /** Session */
            session: number | null;
            /** Answers */
            answers: number;
            /** Actions */
            actions: {
                [key: string]: number;
            };
            /** Seconds */
            seconds: number | null;
            /**
             * Accepted At
             * Format: date-time
             */
            accepted_at: string;
        };
        /**
         * FileProblem
         * @description A file that could not be read, and the image in the queues that cannot be opened for it.
         */
        FileProblem: {
            /** Path */
            path: string;
            /** Detail */
            detail: string;
            /** Image */
            image: number | null;
        };
        /**
         * Health
         * @description Whether the server works.
         */
        Health: {
            /**
             * Status
             * @constant
             */
            status: "ok";
            /** Version */
            version: string;
            /** Method */
            method: string;
            /**
             * Worker
             * @enum {string}
             */
            worker: "ready" | "starting" | "stopped";
        };
        /**
         * HeldMask
         * @description Who or what let the mask of a task hold, and how it was made.
         */
        HeldMask: {
            /** Method */
            method: string;
            /** Weights Digest */
            weights_digest: string;
            /** Settings Digest */
            settings_digest: string;
            /** Predicted Dice */
            predicted_dice: number | null;
            /** Threshold */
            threshold: number | null;
            /** Risk */
            risk: number | null;
            /**
             * Origin
             * @enum {string}
             */
            origin: "person" | "rule" | "import";
            /** Person */
            person: string;
            /**
             * Accepted At
             * Format: date-time
             */
            accepted_at: string;
        };
        /**
         * Image
         * @description An image as it was scanned.
         */
        Image: {
            /** Id */
            id: number;
            /** Project */
            project: number;
            /** Path */
            path: string;
            /** Name */
            name: string;
            /** Kind */
            kind: string;
            /** Shape */
            shape: number[];
            /** Is Volume */
            is_volume: boolean;
            /** Digest */
            digest: string;
        };
        /**
         * ImageDetail
         * @description What only its file tells.
         */
        ImageDetail: {
            /** Id */
            id: number;
            /** Project */
            project: number;
            /** Path */
            path: string;
            /** Name */
            name: string;
            /** Kind */
            kind: string;
            /** Shape */
            shape: number[];
            /** Is Volume */
            is_volume: boolean;
            /** Digest */
            digest: string;
            /** Channels */
            channels: number;
            /** Modality */
            modality: string;
            /** Orientation */
            orientation: string;
            /** Spacing Mm */
            spacing_mm: number[] | null;
            /** Is Calibrated */
            is_calibrated: boolean;
            /** Low */
            low: number;
            /** High */
            high: number;
            window: components["schemas"]["Window"];
            file_window: components["schemas"]["Window"] | null;
        };
        /**
         * Job
         * @description Long work, on the images of a project for one target.
         */
        Job: {
            /** Id */
            id: number;
            /** Kind */
            kind: string;
            /** Project */
            project: number | null;
            /** Target */
            target: string | null;
            /**
             * State
             * @enum {string}
             */
            state: "waiting" | "running" | "done" | "failed" | "cancelled";
            /** Progress */
            progress: number;
            /** Detail */
            detail: string;
            /**
             * Created At
             * Format: date-time
             */
            created_at: string;
            /**
             * Changed At
             * Format: date-time
             */
            changed_at: string;
            result: components["schemas"]["JobResult"] | null;
        };
        /**
         * JobResult
         * @description What a finished job made, and where it is fetched.
         */
        JobResult: {
            /** Href */
            href: string;
        };
        /**
         * JudgeIn
         * @description Whether the challenger is better than the recommendation.
         */
        JudgeIn: {
            /**
             * @description discriminator enum property added by openapi-typescript
             * @enum {string}
             */
            kind: "judge";
            /** Round */
            round: number;
            /**
             * Answer
             * @enum {string}
             */
            answer: "better" | "worse" | "cannot_tell";
            /**
             * Page
             * @default 0
             */
            page: number;
        };
        /**
         * LogEntry
         * @description One answer as it was given, and whether it holds; without a mask painted by hand.
         */
        LogEntry: {
            /** Round */
            round: number;
            /** Answer */
            answer: components["schemas"]["PickIn"] | components["schemas"]["JudgeIn"] | components["schemas"]["CorrectIn"] | components["schemas"]["AcceptIn"];
            /** Holds */
            holds: boolean;
        };
        /**
         * Login
         * @description The token that was configured.
         */
        Login: {
            /** Token */
            token: string;
        };
        /**
         * MaskSlice
         * @description One slice of the recommendation.
         */
        MaskSlice: {
            /** Slice */
            slice: number;
            rle: components["schemas"]["Rle"];
        };
        /**
         * Method
         * @description What a method can do.
         */
        Method: {
            /** Name */
            name: string;
            /** Feedback */
            feedback: string[];
            /** Volumes */
            volumes: boolean;
            /** Colour */
            colour: boolean;
            /** Context */
            context: boolean;
            /** Profile */
            profile: boolean;
            /** Needs First Prompt */
            needs_first_prompt: boolean;
            /** Trainable */
            trainable: boolean;
            /** Weights */
            weights: string;
            /** Missing */
            missing: string;
        };
        /**
         * NewProject
         * @description A folder below the served one.
         */
        NewProject: {
            /**
             * Folder
             * @default
             */
            folder: string;
            /** Name */
            name?: string | null;
            /**
             * Target
             * @default object
             */
            target: string;
        };
        /**
         * NewPropagation
         * @description What is predicted, for whom, at which risk.
         */
        NewPropagation: {
            /** Target */
            target: string;
            /**
             * Person
             * @default me
             */
            person: string;
            /** Risk */
            risk?: number | null;
        };
        /**
         * NewSession
         * @description Whose work on what.
         */
        NewSession: {
            /** Image */
            image: number;
            /** Target */
            target: string;
            /**
             * Person
             * @default me
             */
            person: string;
            /** Method */
            method?: string | null;
            /**
             * Use Profile
             * @default true
             */
            use_profile: boolean;
            /**
             * New
             * @default false
             */
            new: boolean;
        };
        /**
         * Person
         * @description Who decides.
         */
        Person: {
            /**
             * Person
             * @default me
             */
            person: string;
        };
        /**
         * PickIn
         * @description The best alternative, or none of them.
         */
        PickIn: {
            /**
             * @description discriminator enum property added by openapi-typescript
             * @enum {string}
             */
            kind: "pick";
            /** Round */
            round: number;
            /** Candidate */
            candidate: number | null;
            /**
             * Page
             * @default 0
             */
            page: number;
        };
        /**
         * Problem
         * @description An error after RFC 9457.
         */
        Problem: {
            /**
             * Type
             * @default about:blank
             */
            type: string;
            /** Title */
            title: string;
            /** Status */
            status: number;
            /** Code */
            code: string;
            /** Detail */
            detail: string;
            current?: components["schemas"]["Proposal"] | null;
            /** Errors */
            errors?: {
                [key: string]: unknown;
            }[] | null;
        };
        /**
         * Profile
         * @description How a person draws.
         */
        Profile: {
            /** Person */
            person: string;
            /** Method */
            method: string;
            /** Says */
            says: string;
            /** Images */
            images: number;
            /** Numbers */
            numbers: {
                [key: string]: unknown;
            } | null;
            /** Saved At */
            saved_at: string | null;
        };
        /**
         * Progress
         * @description Effort, oldest first.
         */
        Progress: {
            /** Target */
            target: string;
            counts: components["schemas"]["Counts"];
            /** Effort */
            effort: components["schemas"]["Effort"][];
        };
        /**
         * Project
         * @description A folder of images.
         */
        Project: {
            /** Id */
            id: number;
            /** Name */
            name: string;
            /** Targets */
            targets: string[];
            /** Images */
            images: number;
            /**
             * Created At
             * Format: date-time
             */
            created_at: string;
        };
        /**
         * Proposal
         * @description All that a page shows of a session.
         */
        Proposal: {
            /** Store */
            store: string;
            /** Session */
            session: number;
            /** Task */
            task: number;
            image: components["schemas"]["Image"];
            /** Target */
            target: string;
            /** Person */
            person: string;
            /** Method */
            method: string;
            /** Listens */
            listens: string[];
            /** Round */
            round: number;
            /** Rounds */
            rounds: number;
            /** Page */
            page: number;
            /** Is Accepted */
            is_accepted: boolean;
            /** Is Empty */
            is_empty: boolean;
            /** Slice */
            slice: number;
            recommendation: components["schemas"]["Recommendation"];
            /** Predicted Dice */
            predicted_dice: number;
            /** Alternatives */
            alternatives: components["schemas"]["Alternative"][];
            /** Challenger */
            challenger: number | null;
            uncertainty: components["schemas"]["Uncertainty"];
            /** Context */
            context: number;
            /** Profile */
            profile: string;
            /** Log */
            log: components["schemas"]["LogEntry"][];
        };
        /**
         * Queue
         * @description All tasks of a target.
         */
        Queue: {
            /** Target */
            target: string;
            counts: components["schemas"]["Counts"];
            /** Tasks */
            tasks: components["schemas"]["Task"][];
        };
        /**
         * Reader
         * @description Another person's mask, compared with the one that holds.
         */
        Reader: {
            /** Person */
            person: string;
            /**
             * Accepted At
             * Format: date-time
             */
            accepted_at: string;
            /** Dice */
            dice: number;
            /** Voxels */
            voxels: number;
            /** Difference */
            difference: number | null;
        };
        /**
         * Readers
         * @description How far other readers agree with the mask that holds.
         */
        Readers: {
            /** Image */
            image: number;
            /** Target */
            target: string;
            /** Person */
            person: string | null;
            /** Accepted By */
            accepted_by: ("person" | "rule") | null;
            /** Voxels */
            voxels: number | null;
            /** Readers */
            readers: components["schemas"]["Reader"][];
            /** Median Difference */
            median_difference: number | null;
        };
        /**
         * Recommendation
         * @description The recommended mask on one slice, and its size.
         */
        Recommendation: {
            /** Slice */
            slice: number;
            rle: components["schemas"]["Rle"];
            /** Slices */
            slices: number[];
            /** Voxels */
            voxels: number;
            /** Area Mm2 */
            area_mm2: number | null;
            /** Volume Ml */
            volume_ml: number | null;
        };
        /**
         * Rle
         * @description Lengths of alternating runs in row order, background first.
         */
        Rle: {
            /** Shape */
            shape: number[];
            /** Runs */
            runs: number[];
        };
        /**
         * Round
         * @description A round.
         */
        Round: {
            /** Round */
            round: number;
        };
        /**
         * ScribbleIn
         * @description Voxels inside or outside.
         */
        ScribbleIn: {
            /**
             * @description discriminator enum property added by openapi-typescript
             * @enum {string}
             */
            kind: "scribble";
            /** Points Zyx */
            points_zyx: [
                number,
                number,
                number
            ][];
            /**
             * Positive
             * @default true
             */
            positive: boolean;
        };
        /**
         * Series
         * @description What came of an archive with DICOM series.
         */
        Series: {
            /** Images */
            images: components["schemas"]["Image"][];
            /** Problems */
            problems: components["schemas"]["FileProblem"][];
        };
        /**
         * Target
         * @description What is to be segmented.
         */
        Target: {
            /** Target */
            target: string;
        };
        /**
         * Task
         * @description One target in one image.
         */
        Task: {
            /** Id */
            id: number;
            image: components["schemas"]["Image"];
            /** Target */
            target: string;
            /**
             * State
             * @enum {string}
             */
            state: "open" | "accepted" | "skipped";
            /** Predicted Dice */
            predicted_dice: number | null;
            /** Is Prefetched */
            is_prefetched: boolean;
            /** Accepted By */
            accepted_by: ("person" | "rule") | null;
            mask: components["schemas"]["HeldMask"] | null;
        };
        /**
         * Uncertainty
         * @description Where the map lies, and its mean over the slice, in bits.
         */
        Uncertainty: {
            /** Url */
            url: string;
            /** Mean */
            mean: number;
        };
        /**
         * Window
         * @description Which intensities are spread from black to white.
         */
        Window: {
            /** Center */
            center: number;
            /** Width */
            width: number;
        };
    };
    responses: never;
    parameters: never;
    requestBodies: never;
    headers: never;
    pathItems: never;
}
export type $defs = Record<string, never>;
export type operations = Record<string, never>;
