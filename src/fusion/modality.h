/* What a question about a picture is made of. */
#ifndef VQA_FUSION_MODALITY_H
#define VQA_FUSION_MODALITY_H

/* In the order in which fusions take them: the question first. */
typedef enum { TEXT, SPEECH, PICTURE, MODALITIES } modality;

/* What checkpoints call them: "text", "speech", "image". */
extern const char *const modality_names[MODALITIES];

#endif
