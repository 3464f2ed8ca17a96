package policy;

import com.fasterxml.jackson.annotation.JsonInclude;
import com.fasterxml.jackson.annotation.JsonInclude.Include;
import com.fasterxml.jackson.databind.PropertyNamingStrategies.SnakeCaseStrategy;
import com.fasterxml.jackson.databind.annotation.JsonNaming;
import java.util.List;

/** A transition as it is written into the topic. */
public record Message(
        String type, String event, String messageId, String userId, String timestamp, Properties properties) {

    /** All transitions have the first of these; those of stages, ladders and segments have some of the last. */
    @JsonNaming(SnakeCaseStrategy.class)
    public record Properties(
            String why,
            String cause,
            String causeEvent,
            String causeDeadline,
            String causeMessageId,
            int seq,
            String policyVersion,
            boolean correction,
            boolean retracted,
            String corrects,
            int revision,
            String stage,
            int orders,
            double revenue,
            Double averageOrderValue,
            Double recencyDays,
            Double meanGapDays,
            Double patienceDays,
            String nextTransition,
            String nextAt,
            List<String> segments,
            int segmentCount,
            String previousStage,
            String previousStageSince,
            List<String> steps,
            Boolean holdout,
            String from,
            String to,
            @JsonInclude(Include.NON_NULL) String transition,
            @JsonInclude(Include.NON_NULL) String ladderKey,
            @JsonInclude(Include.NON_NULL) String ladderName,
            @JsonInclude(Include.NON_NULL) String direction,
            @JsonInclude(Include.NON_NULL) String audienceKey,
            @JsonInclude(Include.NON_NULL) String audienceName,
            @JsonInclude(Include.NON_NULL) String memberSince,
            @JsonInclude(Include.NON_NULL) Boolean republished) {}
}
